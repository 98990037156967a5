package io.outboxworker.subscription;

import java.util.List;

/** A subscription that cannot be stored, with everything that is wrong with it. */
public final class InvalidSubscription extends RuntimeException {
  private final List<String> faults;

  InvalidSubscription(List<String> faults) {
    super(String.join("\n", faults));
    this.faults = List.copyOf(faults);
  }

  /** At least one; each says which value, what is wrong and what is allowed. */
  public List<String> faults() {
    return faults;
  }
}
