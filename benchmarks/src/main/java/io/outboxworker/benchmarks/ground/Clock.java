package io.outboxworker.benchmarks.ground;

import java.time.Instant;

/** The clock that this process, its children and PostgreSQL share. */
public final class Clock {
  private Clock() {}

  /** Microseconds since 1970. */
  public static long micros() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
  }
}
