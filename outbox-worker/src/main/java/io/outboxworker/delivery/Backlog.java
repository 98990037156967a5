package io.outboxworker.delivery;

import io.outboxworker.database.Database;
import io.outboxworker.database.Question;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * The care of deliveries that nobody works on: those of dead workers and lost timers become
 * claimable again, those of inactive subscriptions end. Any worker may do it at any time; each
 * method is a transaction of its own. Thread-safe.
 */
public final class Backlog {
  /** A subscription with parked deliveries. */
  public record Waiting(UUID subscriptionId, boolean active) {}

  /** A delivery that ended without an attempt. */
  public record Ended(UUID id, UUID tenantId, String event, String error) {}

  /** What the tables hold right now. */
  public record Count(long notFinal, long parked) {}

  private static final int BATCH = 5_000;
  private static final int END_BATCH = 500;
  private static final Duration RECENTLY = Duration.ofHours(1);

  /** Long enough for three losses of one delivery, and for what else kills workers to show. */
  private static final Duration LATELY = Duration.ofMinutes(5);

  /** A worker that only could not reach PostgreSQL still writes down what it saw. */
  private static final Duration GRACE = Duration.ofSeconds(3);

  private static final int MOST_TRIALS = 3;

  private final Jdbi jdbi;
  private final Question any;

  public Backlog(Database database) {
    this.jdbi = database.jdbi();
    this.any =
        new Question(
            database.dataSource(),
            "select count(*) from (select from delivery limit 1) any_at_all");
  }

  /** Whether every delivery is final, so that there is nothing to care for. */
  public boolean isEmpty() throws SQLException {
    return any.ask() == 0;
  }

  /**
   * Parks rows whose lease is over (their token stays, so that a late result still counts until
   * somebody claims them), and rows that wait for a retry of a subscription that is not active any
   * more. Returns how many of them a worker had in flight.
   */
  public int parkOverdue() {
    return jdbi.inTransaction(handle -> {
      // No index is worth its price here: the table is read whole.
      handle.execute("set local enable_seqscan = on");
      int orphans =
          handle
              .createQuery(
                  """
                  with parked as (
                    update delivery set lease_until = null, next_attempt_at = null,
                      claims = claims - case when claims - attempts > 2 and lease_token is not null and not on_trial
                        then 1 else 0 end
                    where id = any(array(
                      select id from delivery
                      where lease_until < now() or (next_attempt_at is not null and subscription_id = any(array(
                        select id from subscription
                        where not active and inactive_since > now() - :recently_ms * interval '1 ms')))
                      limit :batch for update skip locked))
                    returning lease_token),
                  lost as (
                    insert into lost_worker (worker)
                    select distinct (lease_token >> 32)::int from parked where lease_token is not null order by 1
                    on conflict do nothing)
                  select count(lease_token) from parked
                  """)
              .bind("recently_ms", RECENTLY.toMillis())
              .bind("batch", BATCH)
              .mapTo(int.class)
              .one();
      if (orphans > 0) {
        forgetLostWorkers(handle);
      }
      return orphans;
    });
  }

  private static void forgetLostWorkers(Handle handle) {
    handle
        .createUpdate(
            """
            delete from lost_worker where worker = any(array(
              select worker from lost_worker where found_at < now() - :lately_ms * interval '1 ms'
              for update skip locked))
            """)
        .bind("lately_ms", LATELY.toMillis())
        .execute();
  }

  /** The subscriptions that have parked deliveries, at most 20,000 of them. */
  public List<Waiting> parkedSubscriptions() {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                with recursive parked as (
                  (select subscription_id from delivery where lease_until is null
                   order by subscription_id limit 1)
                  union all
                  select (select d.subscription_id from delivery d
                    where d.lease_until is null and d.subscription_id > p.subscription_id
                    order by d.subscription_id limit 1)
                  from parked p where p.subscription_id is not null)
                select p.subscription_id, coalesce(s.active, false) as active
                from (select subscription_id from parked where subscription_id is not null limit 20000) p
                left join subscription s on s.id = p.subscription_id
                """)
            .map((row, context) ->
                new Waiting(row.getObject("subscription_id", UUID.class), row.getBoolean("active")))
            .list());
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
                    + INTO_LOG.formatted(
                        """
                        case when s.deleted_at is not null or s.id is null then 'subscription_deleted'
                          when s.disabled_at is not null then 'subscription_disabled'
                          else 'subscription_paused' end\
                        """))
            .bindArray("subscriptions", UUID.class, subscriptionIds)
            .bind("batch", END_BATCH)
            .map(Backlog::ended)
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
                .bind("batch", END_BATCH)
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
            .map(Backlog::ended)
            .list();
    handle
        .createUpdate(
            "update delivery set on_trial = false where id = any(:lost) and lease_until is null")
        .bindArray("lost", UUID.class, lost)
        .execute();
    return ended;
  }

  /** Counts exactly while the table is small, and takes the planner's estimate when it is not. */
  public Count count() {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                with size as (select reltuples > 1000000 as large, reltuples::bigint as estimate
                  from pg_class where oid = 'delivery'::regclass)
                select case when large then estimate else (select count(*) from delivery) end as not_final,
                  case when large then
                    (select reltuples::bigint from pg_class where oid = 'delivery_parked'::regclass)
                    else (select count(*) from delivery where lease_until is null) end as parked
                from size
                """)
            .map((row, context) -> new Count(row.getLong("not_final"), row.getLong("parked")))
            .one());
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
