package io.outboxworker.delivery;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's deliveries in numbers, out of the counts and the newest end of the log. Thread-safe.
 */
public final class DeliveryStats {
  /** How far back. */
  public enum Window {
    HOUR("1h", Duration.ofMinutes(1), 60),
    DAY("24h", Duration.ofMinutes(30), 48);

    private final String word;
    private final Duration span;
    private final int buckets;

    Window(String word, Duration span, int buckets) {
      this.word = word;
      this.span = span;
      this.buckets = buckets;
    }

    /** As a request says it. */
    public String word() {
      return word;
    }
  }

  /** What ended from {@code at} on, for a minute or half an hour. */
  public record Bucket(Instant at, long delivered, long failed) {}

  /** A subscription with failures in the window, or with deliveries that wait. */
  public record Troubled(
      UUID subscriptionId,
      String url,
      String event,
      boolean active,
      long delivered,
      long failed,
      long pending,
      long retrying,
      @Nullable String lastError,
      @Nullable Instant lastFailedAt) {}

  /**
   * The overview of a window.
   *
   * @param since where the first bucket begins
   * @param pending deliveries without an attempt so far; of all that are not final the oldest
   *     100,000 are counted
   * @param oldestPendingSeconds the age of the oldest delivery that is not final, null without any
   * @param buckets oldest first, empty ones included; the last one is not over yet
   * @param subscriptions the worst first, 20 at most
   */
  public record Overview(
      String window,
      Instant since,
      Instant until,
      long delivered,
      long failed,
      long pending,
      long retrying,
      @Nullable Long oldestPendingSeconds,
      List<Bucket> buckets,
      List<Troubled> subscriptions) {}

  private record Asked(UUID tenantId, Window window, OffsetDateTime countedUntil) {}

  private record Waiting(long pending, long retrying, @Nullable Long oldestSeconds) {}

  /** Everything of the window by bucket and subscription: counted, and ended since the count. */
  private static final String ENDED =
      """
      with span as materialized (
        select date_bin(:seconds * interval '1 s', now(), timestamptz 'epoch') - (:buckets - 1) * :seconds * interval '1 s'
            as since),
      ended as materialized (
        select c.at, c.subscription_id, c.delivered, c.failed
        from span join delivery_count c on c.tenant_id = :tenant and c.span_seconds = :seconds and c.at >= span.since
        union all
        select date_bin(:seconds * interval '1 s', l.finished_at, timestamptz 'epoch'), l.subscription_id,
          (l.status = 'delivered')::int, (l.status = 'failed')::int
        from span join delivery_log l on l.tenant_id = :tenant
          and l.finished_at >= :counted and l.finished_at >= span.since)
      """;

  private final Jdbi jdbi;

  public DeliveryStats(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** The tenant's overview as of now. */
  public Overview overview(UUID tenantId, Window window) {
    return jdbi.inTransaction(
        TransactionIsolationLevel.REPEATABLE_READ,
        handle -> {
          Asked asked = new Asked(tenantId, window, countedUntil(handle));
          List<Bucket> buckets = buckets(handle, asked);
          Waiting waiting = waiting(handle, tenantId);
          return new Overview(
              window.word,
              buckets.getFirst().at,
              buckets.getLast().at.plus(window.span),
              buckets.stream().mapToLong(Bucket::delivered).sum(),
              buckets.stream().mapToLong(Bucket::failed).sum(),
              waiting.pending,
              waiting.retrying,
              waiting.oldestSeconds,
              buckets,
              troubled(handle, asked));
        });
  }

  private static List<Bucket> buckets(Handle handle, Asked asked) {
    return bind(
            handle.createQuery(
                ENDED
                    + """
                    select bucket.at, coalesce(sum(e.delivered), 0) as delivered, coalesce(sum(e.failed), 0) as failed
                    from span cross join generate_series(0, :buckets - 1) n
                    cross join lateral (select span.since + n * :seconds * interval '1 s' as at) bucket
                    left join ended e on e.at = bucket.at
                    group by bucket.at order by bucket.at
                    """),
            asked)
        .map((row, context) ->
            new Bucket(
                row.getTimestamp("at").toInstant(),
                row.getLong("delivered"),
                row.getLong("failed")))
        .list();
  }

  private static Waiting waiting(Handle handle, UUID tenantId) {
    return handle
        .createQuery(
            """
            select count(*) filter (where attempts = 0) as pending, count(*) filter (where attempts > 0) as retrying,
              extract(epoch from now() - min(created_at))::bigint as oldest
            from (select attempts, created_at from delivery where tenant_id = :tenant order by id limit 100000) d
            """)
        .bind("tenant", tenantId)
        .map((row, context) ->
            new Waiting(
                row.getLong("pending"),
                row.getLong("retrying"),
                row.getObject("oldest", Long.class)))
        .one();
  }

  private static List<Troubled> troubled(Handle handle, Asked asked) {
    return bind(
            handle.createQuery(
                ENDED
                    + """
                    , waiting as (
                      select subscription_id, count(*) filter (where attempts = 0) as pending,
                        count(*) filter (where attempts > 0) as retrying
                      from (select subscription_id, attempts from delivery
                        where tenant_id = :tenant order by id limit 100000) d
                      group by subscription_id),
                    finished as (
                      select subscription_id, sum(delivered) as delivered, sum(failed) as failed
                      from ended group by subscription_id),
                    worst as (
                      select coalesce(f.subscription_id, w.subscription_id) as id, coalesce(f.delivered, 0) as delivered,
                        coalesce(f.failed, 0) as failed, coalesce(w.pending, 0) as pending,
                        coalesce(w.retrying, 0) as retrying
                      from finished f full join waiting w on w.subscription_id = f.subscription_id
                      where f.failed > 0 or w.subscription_id is not null
                      order by failed desc, retrying desc, pending desc, id limit 20)
                    select worst.*, s.url, s.event, s.active, latest.last_error, latest.finished_at
                    from worst join subscription s on s.id = worst.id and s.tenant_id = :tenant
                    cross join span
                    left join lateral (
                      select l.last_error, l.finished_at from delivery_log l
                      where l.subscription_id = worst.id and l.status = 'failed'
                        and l.id >= uuid_v7_at(span.since - interval '1 day')
                      order by l.id desc limit 1) latest on true
                    order by worst.failed desc, worst.retrying desc, worst.pending desc, worst.id
                    """),
            asked)
        .map(DeliveryStats::troubledRow)
        .list();
  }

  private static Troubled troubledRow(ResultSet row, StatementContext context) throws SQLException {
    Timestamp failedAt = row.getTimestamp("finished_at");
    return new Troubled(
        row.getObject("id", UUID.class),
        row.getString("url"),
        row.getString("event"),
        row.getBoolean("active"),
        row.getLong("delivered"),
        row.getLong("failed"),
        row.getLong("pending"),
        row.getLong("retrying"),
        row.getString("last_error"),
        failedAt == null ? null : failedAt.toInstant());
  }

  /** Bound as a value, so that the planner knows how little of the log is younger. */
  private static OffsetDateTime countedUntil(Handle handle) {
    return handle
        .createQuery("select until from delivery_counted")
        .mapTo(OffsetDateTime.class)
        .one();
  }

  private static Query bind(Query query, Asked asked) {
    return query
        .bind("tenant", asked.tenantId)
        .bind("counted", asked.countedUntil)
        .bind("seconds", (int) asked.window.span.toSeconds())
        .bind("buckets", asked.window.buckets);
  }
}
