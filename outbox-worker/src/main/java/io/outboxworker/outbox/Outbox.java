package io.outboxworker.outbox;

import io.outboxworker.database.Database;
import io.outboxworker.database.Question;
import io.outboxworker.database.SqlFault;
import io.outboxworker.delivery.Deliveries;
import io.outboxworker.delivery.Rooms;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** The SQL of the outbox. Thread-safe. */
public final class Outbox {
  /** What waits right now; the count stops at {@link #COUNTED}. */
  public record Waiting(long rows, Duration oldestAge) {}

  private static final int COUNTED = 100_000;

  /**
   * To ask the log for each event whether it is there already costs a lock and a record of WAL. So
   * none is taken to be, and only after one was, for so long all are asked for.
   */
  private static final Duration WARY = Duration.ofMinutes(1);

  private final Jdbi jdbi;
  private final Question isWaiting;
  private final Deliveries deliveries;
  private final Duration attemptTimeout;
  private volatile long waryUntilNanos = System.nanoTime();

  /**
   * @param attemptTimeout for subscriptions without one of their own
   */
  public Outbox(Database database, Deliveries deliveries, Duration attemptTimeout) {
    this.jdbi = database.jdbi();
    this.isWaiting =
        new Question(
            database.dataSource(),
            "select count(*) from (select from outbox where id >= ? limit 1) waiting");
    this.deliveries = deliveries;
    this.attemptTimeout = attemptTimeout;
  }

  /**
   * Turns up to {@code rows} events into deliveries, and leases as many of them as there is room
   * for. It takes fewer where they would make more than 5,000 deliveries or 8 MiB, but at least
   * one.
   *
   * @param passedOver events that it must leave alone
   */
  Batch fanOut(Pick pick, int rows, Rooms rooms, Collection<UUID> passedOver) {
    if (System.nanoTime() - waryUntilNanos >= 0) {
      try {
        return fanOut(pick, rows, rooms, passedOver, "");
      } catch (RuntimeException e) {
        if (!SqlFault.isDuplicate(e)) {
          throw e;
        }
        waryUntilNanos = System.nanoTime() + WARY.toNanos();
      }
    }
    return fanOut(pick, rows, rooms, passedOver, "on conflict do nothing");
  }

  private Batch fanOut(
      Pick pick, int rows, Rooms rooms, Collection<UUID> passedOver, String onRepeated) {
    long askedNanos = System.nanoTime();
    FanOutStatement statement =
        new FanOutStatement(pick, rows, rooms, passedOver, attemptTimeout, deliveries.newToken());
    return jdbi.withHandle(handle -> {
      Rows batch = new Rows(deliveries);
      statement
          .bind(handle.createQuery(statement.text(onRepeated)))
          .map((row, context) -> batch.add(row))
          .forEach(added -> {});
      return batch.batch(statement.token(), askedNanos);
    });
  }

  /** Whether a fan-out would find a row, which is asked twenty times a second. */
  boolean isWaiting(Pick.Oldest pick) throws SQLException {
    return isWaiting.ask(pick.from()) > 0;
  }

  /** The ids of up to {@code rows} waiting events from {@code from} on, oldest first. */
  List<UUID> oldest(UUID from, int rows, Collection<UUID> passedOver) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select id from outbox where id >= :from and id <> all(:passed_over)
                order by id limit :rows
                """)
            .bind("from", from)
            .bindArray("passed_over", UUID.class, new ArrayList<>(passedOver))
            .bind("rows", rows)
            .mapTo(UUID.class)
            .list());
  }

  /** The smallest id that an event of this moment can have. */
  static UUID smallestIdAt(Instant time) {
    return new UUID(time.toEpochMilli() << 16, 0);
  }

  /** Counts what waits. */
  public Waiting waiting() {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select (select count(*) from (select from outbox limit :counted) counted) as waiting,
                  coalesce((select extract(epoch from now() - occurred_at)
                    from outbox order by id limit 1), 0) as age
                """)
            .bind("counted", COUNTED)
            .map((row, context) ->
                new Waiting(
                    row.getLong("waiting"),
                    Duration.ofMillis((long) (Math.max(0, row.getDouble("age")) * 1000))))
            .one());
  }
}
