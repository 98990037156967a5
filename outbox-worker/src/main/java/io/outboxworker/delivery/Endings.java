package io.outboxworker.delivery;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Ends deliveries without an attempt: those of inactive subscriptions, and those that seem to kill
 * their workers. Any worker may do it at any time; each method is a transaction of its own.
 * Thread-safe.
 */
public final class Endings {
  /** A delivery that ended without an attempt. */
  public record Ended(UUID id, UUID tenantId, String event, String error) {}

  private static final int BATCH = 500;
  private static final Duration RECENTLY = Duration.ofHours(1);

  /** Long enough for three losses of one delivery, and for what else kills workers to show. */
  static final Duration LATELY = Duration.ofMinutes(5);

  /** A worker that only could not reach PostgreSQL still writes down what it saw. */
  private static final Duration GRACE = Duration.ofSeconds(3);

  private static final int MOST_TRIALS = 3;

  private static final String OF_ITS_SUBSCRIPTION =
      """
      case when s.deleted_at is not null or s.id is null then 'subscription_deleted'
        when s.disabled_at is not null then 'subscription_disabled'
        else 'subscription_paused' end\
      """;

  private final Jdbi jdbi;

  public Endings(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Ends a batch of parked deliveries of these subscriptions, as far as they are inactive. */
  public List<Ended> endInactive(List<UUID> subscriptionIds) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                with ended as (
                  delete from delivery where id = any(array(
                    select d.id from delivery d left join subscription s on s.id = d.subscription_id
                    where d.subscription_id = any(:subscriptions) and d.lease_until is null
                      and s.active is not true
                    order by d.id limit :batch for update of d skip locked))
                  returning *)
                """
                    + INTO_LOG.formatted(OF_ITS_SUBSCRIPTION))
            .bindArray("subscriptions", UUID.class, subscriptionIds)
            .bind("batch", BATCH)
            .map(Endings::ended)
            .list());
  }

  /**
   * Ends a batch of what waits for a retry of a subscription that became inactive lately. It is not
   * parked first: if the subscription were resumed meanwhile, it would be sent before it is due.
   */
  public List<Ended> endWaiting() {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                with inactive as materialized (
                  select id from subscription
                  where not active and inactive_since > now() - :recently_ms * interval '1 ms'),
                ended as (
                  delete from delivery where id = any(array(
                    select id from delivery
                    where (select count(*) from inactive) > 0 and next_attempt_at is not null
                      and subscription_id = any(array(select id from inactive))
                    limit :batch for update skip locked))
                  returning *)
                """
                    + INTO_LOG.formatted(OF_ITS_SUBSCRIPTION))
            .bind("recently_ms", RECENTLY.toMillis())
            .bind("batch", BATCH)
            .map(Endings::ended)
            .list());
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
                      and not exists (select from lost_worker w
                        where w.worker = (lease_token >> 32)::int and w.found_at > now() - :grace_ms * interval '1 ms')
                    limit :batch
                    """)
                .bind("grace_ms", GRACE.toMillis())
                .bind("batch", BATCH)
                .mapTo(UUID.class)
                .list());
    return lost.isEmpty() ? List.of() : jdbi.inTransaction(handle -> judgeLost(handle, lost));
  }

  private static List<Ended> judgeLost(Handle handle, List<UUID> lost) {
    List<Ended> ended =
        handle
            .createQuery(
                """
                with ended as (
                  delete from delivery where id = any(:lost) and lease_until is null and on_trial
                    and claims - attempts >= least(:most, (select count(*) from lost_worker
                      where found_at > now() - :lately_ms * interval '1 ms'))
                  returning *)
                """
                    + INTO_LOG.formatted("'worker_lost'"))
            .bindArray("lost", UUID.class, lost)
            .bind("most", Deliveries.SUSPECT_LOSSES + MOST_TRIALS)
            .bind("lately_ms", LATELY.toMillis())
            .map(Endings::ended)
            .list();
    handle
        .createUpdate(
            "update delivery set on_trial = false where id = any(:lost) and lease_until is null")
        .bindArray("lost", UUID.class, lost)
        .execute();
    return ended;
  }

  /** A row that ends without an attempt keeps what its attempts before saw. */
  private static final String INTO_LOG =
      """
      , logged as (
        insert into delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status,
          attempts, http_status, duration_ms, last_error, history, replay_of, created_at)
        select d.id, d.event_id, d.subscription_id, d.tenant_id, coalesce(d.event, e.event, 'unknown'), d.resource_id,
          coalesce(s.url, ''), 'failed', d.attempts, (d.history->-1->>'http_status')::int,
          (d.history->-1->>'duration_ms')::int, %s, d.history, d.replay_of, d.created_at
        from ended d
        left join event_log e on e.id = d.event_id
        left join subscription s on s.id = d.subscription_id
        returning id, tenant_id, event, last_error)
      select * from logged
      """;

  private static Ended ended(ResultSet row, StatementContext context) throws SQLException {
    return new Ended(
        row.getObject("id", UUID.class),
        row.getObject("tenant_id", UUID.class),
        row.getString("event"),
        row.getString("last_error"));
  }
}
