package io.outboxworker.delivery;

import io.outboxworker.database.Database;
import io.outboxworker.database.Halves;
import io.outboxworker.database.PassedOver;
import io.outboxworker.database.Question;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The care of deliveries that nobody works on: those of dead workers and lost timers become
 * claimable again. Any worker may do it at any time; each method is a transaction of its own.
 * Thread-safe.
 */
public final class Backlog {
  private static final Logger log = LoggerFactory.getLogger(Backlog.class);

  /** A subscription with parked deliveries. */
  public record Waiting(UUID subscriptionId, boolean active) {}

  /** What the tables hold right now. */
  public record Count(long notFinal, long parked) {}

  private static final int BATCH = 5_000;

  private final Jdbi jdbi;
  private final Question any;
  private final PassedOver passedOver = new PassedOver();

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
   * Parks rows whose lease is over; their token stays, so that a late result still counts until
   * somebody claims them. Returns how many of them a worker had in flight.
   */
  public int parkOverdue() {
    AtomicInteger orphans = new AtomicInteger();
    List<UUID> overdue = overdue();
    if (!overdue.isEmpty()) {
      Halves.run(overdue, ids -> orphans.addAndGet(park(ids)), this::passOver);
    }
    return orphans.get();
  }

  private List<UUID> overdue() {
    return jdbi.inTransaction(handle -> {
      // No index is worth its price here: the table is read whole.
      handle.execute("set local enable_seqscan = on");
      return handle
          .createQuery(
              """
              select id from delivery
              where lease_until < now() and id not in (select unnest(:passed_over)) limit :batch
              """)
          .bindArray("passed_over", UUID.class, passedOver.ids())
          .bind("batch", BATCH)
          .mapTo(UUID.class)
          .list();
    });
  }

  private int park(List<UUID> ids) {
    return jdbi.inTransaction(handle -> {
      int orphans =
          handle
              .createQuery(
                  """
                  with parked as (
                    update delivery set lease_until = null, next_attempt_at = null,
                      claims = claims - case when claims - attempts > 2 and lease_token is not null and not on_trial
                        then 1 else 0 end
                    where id = any(array(
                      select id from delivery where id = any(:ids) and lease_until < now() for update skip locked))
                    returning lease_token),
                  lost as (
                    insert into lost_worker (worker)
                    select distinct (lease_token >> 32)::int from parked where lease_token is not null order by 1
                    on conflict do nothing)
                  select count(lease_token) from parked
                  """)
              .bindArray("ids", UUID.class, ids)
              .mapTo(int.class)
              .one();
      if (orphans > 0) {
        forgetLostWorkers(handle);
      }
      return orphans;
    });
  }

  private void passOver(UUID id, RuntimeException fault) {
    passedOver.add(id, fault, log, "delivery_id", "delivery cannot be parked, passed over");
  }

  private static void forgetLostWorkers(Handle handle) {
    handle
        .createUpdate(
            """
            delete from lost_worker where worker = any(array(
              select worker from lost_worker where found_at < now() - :lately_ms * interval '1 ms'
              for update skip locked))
            """)
        .bind("lately_ms", Endings.LATELY.toMillis())
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
}
