package io.outboxworker.upkeep;

import io.outboxworker.database.Sessions;
import io.outboxworker.metrics.DatabaseMetrics;
import io.outboxworker.subscription.LiveSubscriptions;
import java.time.Duration;

/** Measures once a minute what changes slowly: the logs, old snapshots, endpoints that fail. */
public final class Vitals {
  private static final Duration EVERY = Duration.ofMinutes(1);

  /** Failing for so long is no hiccup. */
  public static final Duration FAILING = Duration.ofMinutes(10);

  private final String database;
  private final Logs logs;
  private final Sessions sessions;
  private final LiveSubscriptions subscriptions;
  private final DatabaseMetrics metrics;

  public Vitals(
      String database,
      Logs logs,
      Sessions sessions,
      LiveSubscriptions subscriptions,
      DatabaseMetrics metrics) {
    this.database = database;
    this.logs = logs;
    this.sessions = sessions;
    this.subscriptions = subscriptions;
    this.metrics = metrics;
  }

  /** Measures once and returns how long to wait before the next time. */
  public Duration step() {
    metrics.longestTransaction(database, sessions.longestTransaction());
    metrics.failingSubscriptions(database, subscriptions.countFailing(FAILING));
    Logs.NAMES.forEach(log -> metrics.log(database, logs.state(log)));
    return EVERY;
  }
}
