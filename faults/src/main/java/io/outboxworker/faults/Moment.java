package io.outboxworker.faults;

import java.time.Duration;

/** The suite's one clock: monotonic milliseconds, the same for writer, receivers and faults. */
final class Moment {
  private Moment() {}

  static long now() {
    return System.nanoTime() / 1_000_000;
  }

  /** Sleeps. */
  static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /** An interrupt means that the run is over. */
  static IllegalStateException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IllegalStateException("the run was interrupted", e);
  }
}
