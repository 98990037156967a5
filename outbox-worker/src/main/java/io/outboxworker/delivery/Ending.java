package io.outboxworker.delivery;

import io.outboxworker.database.Halves;
import io.outboxworker.database.PassedOver;
import io.outboxworker.database.SqlFault;
import io.outboxworker.delivery.Endings.Ended;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.StatementContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How deliveries that nobody has in flight move to the log without an attempt. One that cannot is
 * passed over, so that others end. Thread-safe.
 */
final class Ending {
  private static final Logger log = LoggerFactory.getLogger(Ending.class);

  private final Jdbi jdbi;
  private final PassedOver passedOver = new PassedOver();

  Ending(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** What is not to be picked now. */
  List<UUID> passedOver() {
    return passedOver.ids();
  }

  /**
   * Ends those of these that still are as the condition says.
   *
   * @param condition about the delivery {@code d}
   * @param reason an expression, of the delivery {@code d} and its subscription {@code s}
   */
  List<Ended> end(List<UUID> ids, String condition, String reason) {
    return each(ids, batch -> endNow(batch, condition, reason));
  }

  /** The same by a transaction of the caller's. */
  List<Ended> each(List<UUID> ids, Function<List<UUID>, List<Ended>> end) {
    List<Ended> ended = new ArrayList<>();
    if (!ids.isEmpty()) {
      Halves.run(ids, batch -> ended.addAll(end.apply(batch)), this::passOver);
    }
    return ended;
  }

  private void passOver(UUID id, RuntimeException fault) {
    passedOver.add(id, fault, log, "delivery_id", "delivery cannot be ended, passed over");
  }

  /** What its attempts before saw may be what cannot be read. */
  private List<Ended> endNow(List<UUID> ids, String condition, String reason) {
    try {
      return endNow(ids, condition, reason, "history");
    } catch (RuntimeException e) {
      if (ids.size() != 1 || !SqlFault.isOfStorage(e)) {
        throw e;
      }
      return endNow(ids, condition, reason, "null::json");
    }
  }

  private List<Ended> endNow(List<UUID> ids, String condition, String reason, String history) {
    return jdbi.withHandle(
        handle -> ending(handle, ids, condition, reason, history).map(Ending::ended).list());
  }

  /** A row that ends without an attempt keeps what its attempts before saw. */
  static Query ending(
      Handle handle, List<UUID> ids, String condition, String reason, String history) {
    return handle
        .createQuery(
            """
            with ended as (
              delete from delivery d where d.id = any(array(
                select id from delivery where id = any(:ids) for update skip locked))
                and (d.lease_until is null or d.next_attempt_at is not null) and %s
              returning *),
            logged as (
              insert into delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status,
                attempts, http_status, duration_ms, last_error, history, replay_of, created_at)
              select d.id, d.event_id, d.subscription_id, d.tenant_id,
                coalesce(d.event, (select e.event from event_log e where e.id = d.event_id), 'unknown'), d.resource_id,
                coalesce(s.url, ''), 'failed', d.attempts, (d.seen->-1->>'http_status')::int,
                (d.seen->-1->>'duration_ms')::int, %s, d.seen, d.replay_of, d.created_at
              from (select *, %s as seen from ended) d left join subscription s on s.id = d.subscription_id
              on conflict do nothing returning id, tenant_id, event, last_error)
            select * from logged
            """
                .formatted(condition, reason, history))
        .bindArray("ids", UUID.class, ids);
  }

  static Ended ended(ResultSet row, StatementContext context) throws SQLException {
    return new Ended(
        row.getObject("id", UUID.class),
        row.getObject("tenant_id", UUID.class),
        row.getString("event"),
        row.getString("last_error"));
  }
}
