package io.outboxworker.upkeep;

import io.outboxworker.metrics.DatabaseMetrics.LogState;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * The logs as PostgreSQL holds them: one partition per UTC day, and a default one that takes what
 * fits into no other. Every change waits for a lock 200 ms at most, so that traffic never queues
 * behind it. Each method is a transaction of its own. Thread-safe.
 */
public final class Logs {
  static final String EVENTS = "event_log";
  static final String DELIVERIES = "delivery_log";

  /** Both logs. */
  public static final List<String> NAMES = List.of(DELIVERIES, EVENTS);

  private static final int COUNTED = 1_000_000;

  private final Jdbi jdbi;

  public Logs(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** The day that it is in UTC, by the database's clock. */
  public LocalDate today() {
    return jdbi.withHandle(handle ->
        handle.createQuery("select (now() at time zone 'UTC')::date").mapTo(LocalDate.class).one());
  }

  /** The days that have a partition, oldest first. */
  public List<LocalDate> days(String log) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select right(c.relname, 8) from pg_inherits i join pg_class c on c.oid = i.inhrelid
                where i.inhparent = cast(:log as regclass) and c.relname ~ ('^' || :log || '_[0-9]{8}$')
                order by c.relname
                """)
            .bind("log", log)
            .mapTo(String.class)
            .map(day -> LocalDate.parse(day, DateTimeFormatter.BASIC_ISO_DATE))
            .list());
  }

  /**
   * Makes the partition of a day and moves the rows into it that the default one took meanwhile;
   * empty where it is there already.
   */
  Optional<String> add(String log, LocalDate day) {
    return jdbi.inTransaction(handle ->
        boundLockWaits(handle)
            .createQuery("select add_log_partition(:log, :day)")
            .bind("log", log)
            .bind("day", day)
            .mapTo(String.class)
            .findOne());
  }

  /** Drops a day; false where deliveries that are not final still need its events. */
  boolean drop(String log, LocalDate day) {
    return jdbi.inTransaction(handle ->
        boundLockWaits(handle)
            .createQuery("select drop_log_partition(:log, :name)")
            .bind("log", log)
            .bind("name", partition(log, day))
            .mapTo(boolean.class)
            .one());
  }

  static String partition(String log, LocalDate day) {
    return log + "_" + day.format(DateTimeFormatter.BASIC_ISO_DATE);
  }

  /** The first day from {@code from} on of which rows lie in the default partition. */
  @Nullable LocalDate strayDay(String log, LocalDate from) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select id from <log>_default where id >= uuid_v7_at(:day::timestamp at time zone 'UTC')
                order by id limit 1
                """)
            .define("log", log)
            .bind("day", from)
            .mapTo(UUID.class)
            .map(Logs::dayOf)
            .findOne()
            .orElse(null));
  }

  /**
   * Deletes rows of the default partition that are older than the retention, by their id or, where
   * that lies in the future, by their own time; an event that a delivery still needs stays. Returns
   * how many went.
   */
  int deleteStray(String log, LocalDate keepFrom, LocalDate partitionsEnd, int limit) {
    return jdbi.inTransaction(handle -> {
      List<UUID> old = lockStray(handle, log, keepFrom, partitionsEnd, limit);
      // Asked again: a replay that was faster may have made a delivery, and no other one can now.
      return handle
          .createUpdate("delete from <log>_default l where l.id = any(:old) and <free>")
          .define("log", log)
          .define("free", free(log))
          .bindArray("old", UUID.class, old)
          .execute();
    });
  }

  private static List<UUID> lockStray(
      Handle handle, String log, LocalDate keepFrom, LocalDate partitionsEnd, int limit) {
    return handle
        .createQuery(
            """
            select l.id from <log>_default l
            where (l.id < uuid_v7_at(:keep_from::timestamp at time zone 'UTC')
                or (l.id >= uuid_v7_at(:end::timestamp at time zone 'UTC')
                  and l.<time> < :keep_from::timestamp at time zone 'UTC'))
              and <free>
            order by l.id limit :limit for update of l skip locked
            """)
        .define("log", log)
        .define("time", log.equals(EVENTS) ? "occurred_at" : "finished_at")
        .define("free", free(log))
        .bind("keep_from", keepFrom)
        .bind("end", partitionsEnd)
        .bind("limit", limit)
        .mapTo(UUID.class)
        .list();
  }

  private static String free(String log) {
    return log.equals(EVENTS)
        ? "not exists (select from delivery d where d.event_id = l.id)"
        : "true";
  }

  /** What a log takes on disk, and how it is prepared for tomorrow. */
  public LogState state(String log) {
    LocalDate today = today();
    long ahead = days(log).stream().filter(day -> day.isAfter(today)).count();
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select (select coalesce(sum(pg_total_relation_size(relid)), 0)::bigint
                    from pg_partition_tree(cast(:log as regclass)) where isleaf) as bytes,
                  (select count(*) from (select from <log>_default limit :counted) stray) as stray
                """)
            .define("log", log)
            .bind("log", log)
            .bind("counted", COUNTED)
            .map((row, context) ->
                new LogState(log, row.getLong("bytes"), (int) ahead, row.getLong("stray")))
            .one());
  }

  private static Handle boundLockWaits(Handle handle) {
    handle.execute("set local lock_timeout = '200ms'");
    return handle;
  }

  private static LocalDate dayOf(UUID id) {
    Instant made = Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16);
    return LocalDate.ofInstant(made, ZoneOffset.UTC);
  }

  /** How far back what is kept this long begins, to the day. */
  static LocalDate keptFrom(LocalDate today, Duration retention) {
    return today.minusDays(retention.toDays());
  }
}
