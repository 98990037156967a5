package io.outboxworker.upkeep;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.delivery.Backlog;
import io.outboxworker.metrics.DatabaseMetrics;
import io.outboxworker.outbox.Outbox;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Measures what the gauges show, every five seconds, so that a scrape never asks the database. */
public final class Gauges {
  private static final Logger log = LoggerFactory.getLogger(Gauges.class);
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final Duration NOTABLE_DRIFT = Duration.ofMillis(500);

  private final String database;
  private final Outbox outbox;
  private final Backlog backlog;
  private final DatabaseClock clock;
  private final DatabaseMetrics metrics;

  /**
   * @param database its name among the worker's databases
   */
  public Gauges(
      String database,
      Outbox outbox,
      Backlog backlog,
      DatabaseClock clock,
      DatabaseMetrics metrics) {
    this.database = database;
    this.outbox = outbox;
    this.backlog = backlog;
    this.clock = clock;
    this.metrics = metrics;
  }

  /** Measures once and returns how long to wait before the next time. */
  public Duration step() {
    Outbox.Waiting events = outbox.waiting();
    Backlog.Count deliveries = backlog.count();
    metrics.waiting(
        database,
        new DatabaseMetrics.Waiting(
            events.rows(), events.oldestAge(), deliveries.notFinal(), deliveries.parked()));
    Duration drift = clock.sync();
    if (drift.compareTo(NOTABLE_DRIFT) > 0) {
      log.atWarn().addKeyValue("drift_ms", drift.toMillis()).log("clock of the database jumped");
    }
    return EVERY;
  }
}
