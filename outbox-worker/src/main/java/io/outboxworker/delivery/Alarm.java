package io.outboxworker.delivery;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.database.Poller;
import io.outboxworker.database.Question;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import javax.sql.DataSource;

/**
 * Knows when the next timer goes off, and rings then: to ask db-scheduler ten times a second
 * whether one does would cost an idle worker more than all else. Thread-safe.
 */
final class Alarm implements AutoCloseable {
  /** Timers that other workers set, or left behind, are seen so soon. */
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

  /** What goes off meanwhile is looked at together. */
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);

  private static final long NEVER = Long.MAX_VALUE;

  private final Question next;
  private final DatabaseClock clock;
  private final Runnable ring;
  private final Poller poller = new Poller("alarm", this::look);
  private volatile long nextLookNanos;

  /**
   * @param clock db-scheduler's own: what it would not find yet is not rung for
   * @param ring is called when a timer goes off
   */
  Alarm(DataSource pool, DatabaseClock clock, Runnable ring) {
    this.clock = clock;
    this.ring = ring;
    this.next =
        new Question(
            pool,
            """
            select coalesce((select (extract(epoch from execution_time) * 1000000)::bigint from scheduled_tasks
              where not picked order by execution_time limit 1), %d)
            """
                .formatted(NEVER));
  }

  void start() {
    poller.start();
  }

  /** A timer was committed that goes off after this: looks at it where it would be overslept. */
  void set(Duration delay) {
    if (System.nanoTime() + delay.toNanos() - nextLookNanos < 0) {
      poller.wake();
    }
  }

  @Override
  public void close() {
    poller.close();
  }

  private Duration look() throws SQLException {
    // Until the answer is there any timer may be one that it doesn't know of.
    nextLookNanos = System.nanoTime() + Duration.ofDays(1).toNanos();
    long nextMicros = next.ask();
    Duration until =
        nextMicros == NEVER
            ? LONGEST_PAUSE
            : Duration.between(clock.now(), Instant.EPOCH.plus(nextMicros, ChronoUnit.MICROS));
    if (until.isPositive()) {
      return pause(until.compareTo(LONGEST_PAUSE) < 0 ? until : LONGEST_PAUSE);
    }
    ring.run();
    return pause(SHORTEST_PAUSE);
  }

  private Duration pause(Duration pause) {
    nextLookNanos = System.nanoTime() + pause.toNanos();
    return pause;
  }
}
