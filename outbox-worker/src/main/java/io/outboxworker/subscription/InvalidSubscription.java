package io.outboxworker.subscription;

import java.util.List;
import java.util.stream.Collectors;

/** A subscription that cannot be stored, with everything that is wrong with it. */
public final class InvalidSubscription extends RuntimeException {
  /**
   * One thing that is wrong.
   *
   * @param field of the REST API, such as {@code url} or {@code headers/X-Key}
   * @param detail which value, what is wrong and what is allowed
   */
  public record Fault(String field, String detail) {}

  private final transient List<Fault> faults;

  InvalidSubscription(List<Fault> faults) {
    super(faults.stream().map(Fault::detail).collect(Collectors.joining("\n")));
    this.faults = List.copyOf(faults);
  }

  /** At least one. */
  public List<Fault> faults() {
    return faults;
  }
}
