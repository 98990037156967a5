package io.outboxworker.metrics;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToLongFunction;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

/**
 * What was last measured of each database, once with the label {@code database} and, where the sum
 * means something, once for all of them together. Thread-safe.
 */
public final class DatabaseMetrics {
  /**
   * What waits in one database: events, how old the oldest is, and deliveries that are not final.
   */
  public record Waiting(long outboxRows, Duration oldestEvent, long notFinal, long parked) {}

  /** How a log stands: its bytes, days with a partition from tomorrow on, rows outside of any. */
  public record LogState(String log, long bytes, int partitionsAhead, long strayRows) {}

  private static final List<String> ERROR_KINDS =
      List.of("connection", "data", "lock", "timeout", "other");

  private final CollectorRegistry registry;
  private final Map<String, Waiting> waiting = new ConcurrentHashMap<>();
  private final Map<String, Integer> running = new ConcurrentHashMap<>();

  private final Gauge rows;
  private final Gauge oldest;
  private final Gauge pending;
  private final Gauge parked;
  private final Gauge inFlight;

  private final Gauge up;
  private final Gauge rowsOfEach;
  private final Gauge oldestOfEach;
  private final Gauge pendingOfEach;
  private final Gauge parkedOfEach;
  private final Gauge inFlightOfEach;
  private final Gauge longestTransaction;
  private final Gauge failing;
  private final Gauge logBytes;
  private final Gauge daysAhead;
  private final Gauge strayRows;
  private final Counter errors;

  DatabaseMetrics(CollectorRegistry registry) {
    this.registry = registry;
    rows = gauge("webhook_outbox_rows", "Events that wait for fan-out.");
    oldest =
        gauge(
            "webhook_outbox_oldest_age_seconds", "Age of the oldest event that waits for fan-out.");
    pending = gauge("webhook_pending_deliveries", "Deliveries that are not final.");
    parked = gauge("webhook_parked_deliveries", "Deliveries that wait for room in their lane.");
    inFlight = gauge("webhook_in_flight", "Attempts that run in this worker.");
    up = each("webhook_database_up", "1 where the database answers this worker, else 0.");
    rowsOfEach = each("webhook_database_outbox_rows", "Events that wait for fan-out.");
    oldestOfEach =
        each(
            "webhook_database_outbox_oldest_age_seconds",
            "Age of the oldest event that waits for fan-out.");
    pendingOfEach = each("webhook_database_pending_deliveries", "Deliveries that are not final.");
    parkedOfEach =
        each("webhook_database_parked_deliveries", "Deliveries that wait for room in their lane.");
    inFlightOfEach = each("webhook_database_in_flight", "Attempts that run in this worker.");
    longestTransaction =
        each(
            "webhook_database_longest_transaction_seconds",
            "Age of the oldest transaction that holds a snapshot in this database.");
    failing =
        each(
            "webhook_database_failing_subscriptions",
            "Active subscriptions that failed for ten minutes or more without a success.");
    logBytes = each("webhook_database_log_bytes", "Bytes on disk, with indexes.", "log");
    daysAhead =
        each(
            "webhook_database_log_partitions_ahead", "Partitions of days from tomorrow on.", "log");
    strayRows =
        each("webhook_database_log_stray_rows", "Rows that lie in the default partition.", "log");
    errors =
        Counter.build("webhook_database_errors_total", "Statements that failed.")
            .labelNames("database", "kind")
            .register(registry);
  }

  /** From now on the database's series are there, with 0 where nothing was measured yet. */
  public void present(String database) {
    List.of(up, rowsOfEach, oldestOfEach, pendingOfEach, parkedOfEach, inFlightOfEach)
        .forEach(gauge -> gauge.labels(database));
    longestTransaction.labels(database);
    failing.labels(database);
    ERROR_KINDS.forEach(kind -> errors.labels(database, kind));
  }

  /** Whether the database answered just now. */
  public void answers(String database, boolean answers) {
    up.labels(database).set(answers ? 1 : 0);
  }

  /** How many attempts run for the deliveries of one database. */
  public void inFlight(String database, int count) {
    running.put(database, count);
    inFlightOfEach.labels(database).set(count);
    inFlight.set(running.values().stream().mapToInt(Integer::intValue).sum());
  }

  /** What was counted in the hot tables. */
  public void waiting(String database, Waiting counted) {
    waiting.put(database, counted);
    rowsOfEach.labels(database).set((double) counted.outboxRows());
    oldestOfEach.labels(database).set(Metrics.seconds(counted.oldestEvent()));
    pendingOfEach.labels(database).set((double) counted.notFinal());
    parkedOfEach.labels(database).set((double) counted.parked());
    rows.set(sum(Waiting::outboxRows));
    pending.set(sum(Waiting::notFinal));
    parked.set(sum(Waiting::parked));
    oldest.set(
        waiting.values().stream()
            .mapToDouble(w -> Metrics.seconds(w.oldestEvent()))
            .max()
            .orElse(0));
  }

  /** How old the oldest transaction is that holds a snapshot. */
  public void longestTransaction(String database, Duration age) {
    longestTransaction.labels(database).set(Metrics.seconds(age));
  }

  /** How many active subscriptions have been failing for long. */
  public void failingSubscriptions(String database, long count) {
    failing.labels(database).set((double) count);
  }

  /** What was measured of one log. */
  public void log(String database, LogState state) {
    logBytes.labels(database, state.log()).set((double) state.bytes());
    daysAhead.labels(database, state.log()).set(state.partitionsAhead());
    strayRows.labels(database, state.log()).set((double) state.strayRows());
  }

  /** Counts the statements of a database that fail. */
  public SqlLogger errorsOf(String database) {
    return new SqlLogger() {
      @Override
      public void logException(StatementContext context, SQLException fault) {
        errors.labels(database, kind(fault.getSQLState())).inc();
      }
    };
  }

  /** By the class of the SQLSTATE, so that the label has few values. */
  static String kind(@Nullable String state) {
    if (state == null) {
      return "other";
    }
    if (state.startsWith("08") || state.startsWith("57P") || state.startsWith("53")) {
      return "connection";
    }
    if (state.startsWith("22") || state.startsWith("23")) {
      return "data";
    }
    if (state.startsWith("40") || state.equals("55P03")) {
      return "lock";
    }
    return state.equals("57014") ? "timeout" : "other";
  }

  private double sum(ToLongFunction<Waiting> count) {
    return waiting.values().stream().mapToLong(count).sum();
  }

  private Gauge gauge(String name, String help) {
    return Gauge.build(name, help).register(registry);
  }

  private Gauge each(String name, String help, String... more) {
    String[] labels = new String[more.length + 1];
    labels[0] = "database";
    System.arraycopy(more, 0, labels, 1, more.length);
    return Gauge.build(name, help).labelNames(labels).register(registry);
  }
}
