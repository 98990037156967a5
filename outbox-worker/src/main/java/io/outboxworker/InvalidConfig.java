package io.outboxworker;

import java.util.List;
import java.util.stream.Collectors;

/** The configuration can't be used; holds every fault at once, with secrets masked. */
public final class InvalidConfig extends RuntimeException {

  /** One setting that can't be used: what was given, what is wrong with it, and what is allowed. */
  public record Fault(String name, String value, String problem, String allowed) {
    @Override
    public String toString() {
      return name
          + (value.isEmpty() ? "" : "=" + value)
          + " "
          + problem
          + (allowed.isEmpty() ? "" : "; allowed: " + allowed);
    }
  }

  private final transient List<Fault> faults;

  InvalidConfig(List<Fault> faults) {
    super(
        (faults.size() == 1 ? "1 fault" : faults.size() + " faults")
            + " in the configuration:\n"
            + faults.stream().map(fault -> "  " + fault).collect(Collectors.joining("\n")));
    this.faults = List.copyOf(faults);
  }

  /** The faults in the order of the settings; never empty. */
  public List<Fault> faults() {
    return faults;
  }
}
