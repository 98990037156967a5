package io.outboxworker.delivery;

import io.outboxworker.database.Halves;
import io.outboxworker.database.PassedOver;
import io.outboxworker.database.SqlFault;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
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
 * Ends parked deliveries that no attempt will ever end: of inactive subscriptions, of payloads that
 * kill workers, that have left the log or cannot be read. Any worker may do it at any time. One
 * that cannot be ended is passed over for a minute. Thread-safe.
 */
public final class Endings {
  /** A delivery that ended without an attempt. */
  public record Ended(UUID id, UUID tenantId, String event, String error) {}

  private static final Logger log = LoggerFactory.getLogger(Endings.class);
  private static final int BATCH = 500;

  /** A worker that only could not reach PostgreSQL still writes down what it saw. */
  private static final Duration GRACE = Duration.ofSeconds(3);

  private static final int MOST_TRIALS = 3;

  private final Jdbi jdbi;
  private final PassedOver passedOver = new PassedOver();

  public Endings(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Ends a batch of deliveries of these subscriptions, as far as they are inactive. */
  public List<Ended> endInactive(List<UUID> subscriptionIds) {
    List<UUID> ids =
        ids(
            """
            select d.id from delivery d left join subscription s on s.id = d.subscription_id
            where d.subscription_id = any(:subscriptions) and d.lease_until is null
              and s.active is not true and d.id <> all(:passed_over)
            order by d.id limit :batch
            """,
            subscriptionIds);
    String inactive =
        "not exists (select from subscription s where s.id = d.subscription_id and s.active)";
    String reason =
        """
        case when s.deleted_at is not null or s.id is null then 'subscription_deleted'
          when s.disabled_at is not null then 'subscription_disabled'
          else 'subscription_paused' end\
        """;
    return endEach(ids, batch -> end(batch, inactive, reason));
  }

  /**
   * Ends a batch of those whose event is in no log any more, as after a day of it was dropped by
   * hand: nobody can claim them. They are looked for where claims begin.
   */
  public List<Ended> endWithoutEvent(List<UUID> subscriptionIds) {
    List<UUID> ids =
        ids(
            """
            select first.id from unnest(:subscriptions) s(id) cross join lateral (
              (select d.id, d.event_id from delivery d
               where d.subscription_id = s.id and d.lease_until is null and d.id <> all(:passed_over)
               order by d.id limit 5)
              union
              (select d.id, d.event_id from delivery d
               where d.subscription_id = s.id and d.ordered and d.lease_until is null and d.id <> all(:passed_over)
               order by d.event_id, d.id limit 5)) first
            where not exists (select from event_log e where e.id = first.event_id) limit :batch
            """,
            subscriptionIds);
    String gone = "not exists (select from event_log e where e.id = d.event_id)";
    return endEach(ids, batch -> end(batch, gone, "'the payload has left the log'"));
  }

  /** Ends those of these subscriptions' next ones that PostgreSQL cannot read. */
  public List<Ended> endUnreadable(List<UUID> subscriptionIds) {
    List<UUID> ids =
        ids(
            """
            select first.id from unnest(:subscriptions) s(id) cross join lateral (
              select d.id from delivery d
              where d.subscription_id = s.id and d.lease_until is null and d.id <> all(:passed_over)
              order by d.id limit :batch) first
            limit :batch
            """,
            subscriptionIds);
    List<UUID> unreadable = ids.stream().filter(this::isUnreadable).toList();
    return endEach(unreadable, batch -> end(batch, "true", "'the payload cannot be read'"));
  }

  private boolean isUnreadable(UUID id) {
    try {
      jdbi.useHandle(handle ->
          handle
              .createQuery(
                  """
                  select length(concat(e.data, d.history))
                  from delivery d left join event_log e on e.id = d.event_id where d.id = :id
                  """)
              .bind("id", id)
              .mapTo(Integer.class)
              .list());
      return false;
    } catch (RuntimeException e) {
      if (!SqlFault.isOfStorage(e)) {
        throw e;
      }
      return true;
    }
  }

  /**
   * Ends suspects that were on trial when their worker died: they seem to have killed it, as those
   * before. Where more workers were lost lately, nobody can know: then they are tried again, after
   * all others, and end with the third trial that a worker does not survive.
   */
  public List<Ended> endLost() {
    List<UUID> lost =
        jdbi.withHandle(handle ->
            handle
                .createQuery(
                    """
                    select id from delivery where lease_until is null and claims - attempts >= 2 and on_trial
                      and id <> all(:passed_over)
                      and not exists (select from lost_worker w
                        where w.worker = (lease_token >> 32)::int and w.found_at > now() - :grace_ms * interval '1 ms')
                    limit :batch
                    """)
                .bindArray("passed_over", UUID.class, passedOver.ids())
                .bind("grace_ms", GRACE.toMillis())
                .bind("batch", BATCH)
                .mapTo(UUID.class)
                .list());
    return endEach(lost, batch -> jdbi.inTransaction(handle -> judgeLost(handle, batch)));
  }

  private static List<Ended> judgeLost(Handle handle, List<UUID> lost) {
    String guilty =
        """
        d.on_trial and d.claims - d.attempts >= least(:most, (select count(*) from lost_worker
          where found_at > now() - :lately_ms * interval '1 ms'))\
        """;
    List<Ended> ended =
        ending(handle, lost, guilty, "'worker_lost'", "history")
            .bind("most", Deliveries.SUSPECT_LOSSES + MOST_TRIALS)
            .bind("lately_ms", Backlog.LATELY.toMillis())
            .map(Endings::ended)
            .list();
    handle
        .createUpdate(
            "update delivery set on_trial = false where id = any(:lost) and lease_until is null")
        .bindArray("lost", UUID.class, lost)
        .execute();
    return ended;
  }

  private List<UUID> ids(String sql, Collection<UUID> subscriptionIds) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(sql)
            .bindArray("subscriptions", UUID.class, List.copyOf(subscriptionIds))
            .bindArray("passed_over", UUID.class, passedOver.ids())
            .bind("batch", BATCH)
            .mapTo(UUID.class)
            .list());
  }

  private List<Ended> endEach(List<UUID> ids, Function<List<UUID>, List<Ended>> end) {
    List<Ended> ended = new ArrayList<>();
    if (!ids.isEmpty()) {
      Halves.run(ids, batch -> ended.addAll(end.apply(batch)), this::passOver);
    }
    return ended;
  }

  /** What its attempts before saw may be what cannot be read. */
  private List<Ended> end(List<UUID> ids, String condition, String reason) {
    try {
      return end(ids, condition, reason, "history");
    } catch (RuntimeException e) {
      if (ids.size() != 1 || !SqlFault.isOfStorage(e)) {
        throw e;
      }
      return end(ids, condition, reason, "null::json");
    }
  }

  private void passOver(UUID id, RuntimeException fault) {
    passedOver.add(id);
    log.atError()
        .addKeyValue("delivery_id", id)
        .addKeyValue("again_in_s", PassedOver.LENGTH.toSeconds())
        .addKeyValue("error", SqlFault.describe(fault))
        .log("delivery cannot be ended, passed over");
  }

  private List<Ended> end(List<UUID> ids, String condition, String reason, String history) {
    return jdbi.withHandle(
        handle -> ending(handle, ids, condition, reason, history).map(Endings::ended).list());
  }

  /** A row that ends without an attempt keeps what its attempts before saw. */
  private static Query ending(
      Handle handle, List<UUID> ids, String condition, String reason, String history) {
    return handle
        .createQuery(
            """
            with ended as (
              delete from delivery d where d.id = any(array(
                select id from delivery where id = any(:ids) and lease_until is null for update skip locked))
                and d.lease_until is null and %s
              returning *),
            logged as (
              insert into delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status,
                attempts, http_status, duration_ms, last_error, history, replay_of, created_at)
              select d.id, d.event_id, d.subscription_id, d.tenant_id,
                coalesce(d.event, (select e.event from event_log e where e.id = d.event_id), 'unknown'), d.resource_id,
                coalesce(s.url, ''), 'failed', d.attempts, (d.seen->-1->>'http_status')::int,
                (d.seen->-1->>'duration_ms')::int, %s, d.seen, d.replay_of, d.created_at
              from (select *, %s as seen from ended) d left join subscription s on s.id = d.subscription_id
              returning id, tenant_id, event, last_error)
            select * from logged
            """
                .formatted(condition, reason, history))
        .bindArray("ids", UUID.class, ids);
  }

  private static Ended ended(ResultSet row, StatementContext context) throws SQLException {
    return new Ended(
        row.getObject("id", UUID.class),
        row.getObject("tenant_id", UUID.class),
        row.getString("event"),
        row.getString("last_error"));
  }
}
