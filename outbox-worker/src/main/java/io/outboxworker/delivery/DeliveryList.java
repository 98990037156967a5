package io.outboxworker.delivery;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

/** A tenant's deliveries, newest first, in pages; those that are not final and the log as one. */
public final class DeliveryList {
  /**
   * Which deliveries; null means any.
   *
   * @param status pending, retrying, delivered or failed
   * @param since created at or after
   * @param until created before
   */
  public record Filter(
      UUID tenantId, @Nullable String status, @Nullable Instant since, @Nullable Instant until) {}

  private final Jdbi jdbi;

  public DeliveryList(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Up to {@code limit} deliveries.
   *
   * @param before the id of the last delivery of the page before, null for the first page
   */
  public List<DeliveryItem> page(Filter filter, @Nullable UUID before, int limit) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select * from (
                  (select d.id, d.event_id, coalesce(e.event, 'unknown') as event, d.subscription_id,
                    coalesce(s.url, '') as url,
                    case when d.attempts = 0 then 'pending' else 'retrying' end as status, d.attempts,
                    (d.history->-1->>'http_status')::int as http_status,
                    (d.history->-1->>'duration_ms')::int as duration_ms,
                    d.history->-1->>'error' as last_error, d.created_at,
                    null::timestamptz as finished_at, d.next_attempt_at
                  from delivery d
                  left join event_log e on e.id = d.event_id
                  left join subscription s on s.id = d.subscription_id
                  where d.tenant_id = :tenant and (:before::uuid is null or d.id < :before)
                    and (:since::timestamptz is null or d.id >= uuid_v7_at(:since))
                    and (:until::timestamptz is null or d.id < uuid_v7_at(:until))
                    and (:status::text is null
                      or :status = case when d.attempts = 0 then 'pending' else 'retrying' end)
                  order by d.id desc limit :limit)
                  union all
                  (select l.id, l.event_id, l.event, l.subscription_id, l.url, l.status, l.attempts,
                    l.http_status, l.duration_ms, l.last_error, l.created_at, l.finished_at, null
                  from delivery_log l
                  where l.tenant_id = :tenant and (:before::uuid is null or l.id < :before)
                    and (:since::timestamptz is null or l.id >= uuid_v7_at(:since))
                    and (:until::timestamptz is null or l.id < uuid_v7_at(:until))
                    and (:status::text is null or l.status = :status)
                  order by l.id desc limit :limit)) both_tables
                order by id desc limit :limit
                """)
            .bind("tenant", filter.tenantId)
            .bind("status", filter.status)
            .bind("since", filter.since)
            .bind("until", filter.until)
            .bind("before", before)
            .bind("limit", limit)
            .map(DeliveryList::item)
            .list());
  }

  private static DeliveryItem item(ResultSet row, StatementContext context) throws SQLException {
    return new DeliveryItem(
        row.getObject("id", UUID.class),
        row.getObject("event_id", UUID.class),
        row.getString("event"),
        row.getObject("subscription_id", UUID.class),
        row.getString("url"),
        row.getString("status"),
        row.getInt("attempts"),
        row.getObject("http_status", Integer.class),
        row.getObject("duration_ms", Integer.class),
        row.getString("last_error"),
        row.getTimestamp("created_at").toInstant(),
        instant(row, "finished_at"),
        instant(row, "next_attempt_at"));
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp time = row.getTimestamp(column);
    return time == null ? null : time.toInstant();
  }
}
