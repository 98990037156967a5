package io.outboxworker.database;

import java.time.Duration;
import java.time.Instant;
import org.jdbi.v3.core.Jdbi;

/**
 * PostgreSQL's time: what it was at the last sync, plus what has passed since by the monotonic
 * clock. The host's own clock is never asked, so workers on hosts that disagree still agree.
 * Thread-safe.
 */
public final class DatabaseClock {
  private record Reading(Instant time, long nanos, Duration roundTrip) {}

  /** A slower answer says less about the time than the reading before it. */
  private static final Duration SLOWEST_SYNC = Duration.ofMillis(100);

  private final Jdbi jdbi;
  private volatile Reading reading;

  /** Reads the time at once; fails like any statement where the database is away. */
  public DatabaseClock(Jdbi jdbi) {
    this.jdbi = jdbi;
    this.reading = read(jdbi);
  }

  /** The time now or a moment before it, at most the sync's round trip: never ahead of it. */
  public Instant now() {
    Reading last = reading;
    return last.time.plusNanos(System.nanoTime() - last.nanos);
  }

  /** Reads the database's time again and returns how far this clock was off, without sign. */
  public Duration sync() {
    Instant before = now();
    Reading fresh = read(jdbi);
    if (fresh.roundTrip.compareTo(SLOWEST_SYNC) > 0) {
      return Duration.ZERO;
    }
    Duration drift = Duration.between(before, fresh.time).abs();
    reading = fresh;
    return drift;
  }

  private static Reading read(Jdbi jdbi) {
    return jdbi.withHandle(handle -> {
      long asked = System.nanoTime();
      Instant time = handle.createQuery("select clock_timestamp()").mapTo(Instant.class).one();
      long answered = System.nanoTime();
      // Read at some time before the answer: a clock that is ahead would let retries come early.
      return new Reading(time, answered, Duration.ofNanos(answered - asked));
    });
  }
}
