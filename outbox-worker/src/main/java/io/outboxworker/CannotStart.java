package io.outboxworker;

import java.util.List;

/** What the worker found at start does not fit its configuration; nothing was started. */
public final class CannotStart extends RuntimeException {
  CannotStart(List<String> faults) {
    super(String.join("\n", faults));
  }
}
