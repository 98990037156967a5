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
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Query;

/**
 * The SQL of the outbox. Fan-out is one statement, and so one transaction: events leave the outbox
 * and become deliveries, or nothing happened. Thread-safe.
 */
public final class Outbox {
  /** What waits right now; the count stops at {@link #COUNTED}. */
  public record Waiting(long rows, Duration oldestAge) {}

  private static final int COUNTED = 100_000;

  // PostgreSQL takes the parts of this statement for ten rows, or for one where the outbox was
  // empty when it was analyzed last, and would join them by loops: 250,000 steps a batch. So what
  // belongs together stays in one row, and the rest is looked up: by `in (select …)` in a select
  // list, which is run as a hashed subplan, in an object, or behind an `offset 0`, which no join
  // can be moved into.
  private static final String FAN_OUT =
      """
      with pick as materialized (
        select o.id, o.tenant_id, o.event, octet_length(o.data::text) as bytes from outbox o
        where %1$s and o.id <> all(:passed_over)
        order by o.id %2$s limit :rows for update skip locked),
      name as materialized (
        select event, patterns_matching(event) as patterns from (select distinct event from pick) n),
      kind as materialized (
        select k.*, name.patterns
        from (
          select tenant_id, event, array_agg(id) as ids, array_agg(bytes) as sizes
          from pick group by tenant_id, event) k
        join name using (event)),
      weight as materialized (
        select ids, sizes, (select count(*) from (
          select from subscription s
          where s.tenant_id = kind.tenant_id and s.active and s.event = any(kind.patterns)
          limit :max_deliveries + 1) matching) as matching
        from kind),
      keep as (
        select id from (
          select p.id, p.bytes, w.matching,
            sum(w.matching) over oldest_first as deliveries_so_far, sum(p.bytes) over oldest_first as bytes_so_far
          from weight w, unnest(w.ids, w.sizes) p(id, bytes)
          window oldest_first as (order by p.id %2$s)) sized
        where (deliveries_so_far <= :max_deliveries or deliveries_so_far = matching)
          and (bytes_so_far <= :max_bytes or bytes_so_far = bytes)),
      moved as (
        delete from outbox where id = any(array(select id from keep))
        returning id, tenant_id, event, coalesce(resource_type, split_part(event, '.', 1)) as resource_type,
          resource_id, data, traceparent, occurred_at),
      logged as (
        insert into event_log (id, tenant_id, event, resource_type, resource_id, data, traceparent, occurred_at)
        select * from moved %3$s
        returning id),
      fresh as materialized (
        select id, tenant_id, event, resource_id, id in (select id from logged) as fresh from moved),
      rooms as (select jsonb_object_agg(id, room) as by_id from unnest(:lanes, :rooms) lane(id, room)),
      match as (
        select m.id as event_id, m.tenant_id, m.event, m.resource_id, s.id as subscription_id, s.ordered,
          coalesce(s.timeout_ms, :timeout_ms) + :margin_ms as lease_ms,
          not s.ordered and s.id not in (select unnest(:closed)) and row_number() over (partition by s.id order by m.id) <= least(
            coalesce(((select by_id from rooms) ->> s.id::text)::int, :room), s.max_in_flight, s.max_per_second) as fits
        from fresh m
        join name using (event)
        cross join lateral (
          select * from subscription s
          where s.tenant_id = m.tenant_id and s.active and s.event = any(name.patterns) offset 0) s
        where m.fresh),
      lease as (
        select match.*, fits and row_number() over (partition by fits order by event_id) <= :together as now
        from match),
      born as (
        insert into delivery (event_id, subscription_id, tenant_id, event, resource_id, ordered, claims, lease_until,
          lease_token)
        select event_id, subscription_id, tenant_id, event, resource_id, ordered, case when lease.now then 1 else 0 end,
          case when lease.now then now() + lease_ms * interval '1 ms' end, case when lease.now then :token end
        from lease
        returning id, event_id, subscription_id, lease_until, created_at),
      leased as materialized (
        select event_id, id, subscription_id,
          (extract(epoch from lease_until - created_at) * 1000)::bigint as lease_ms
        from born where lease_until is not null),
      result as (
        select moved.*, id not in (select id from logged) as repeated,
          id in (select event_id from leased) as is_leased, row_number() over () = 1 as first
        from moved)
      select id as event_id, tenant_id, event, resource_type, resource_id,
        case when is_leased then data::text end as data, traceparent, occurred_at, repeated, is_leased,
        case when first then (select count(*) from pick) end as picked,
        case when first then array(select event_id from leased) end as leased_events,
        case when first then array(select id from leased) end as leased_ids,
        case when first then array(select subscription_id from leased) end as leased_subscriptions,
        case when first then array(select lease_ms from leased) end as leases_ms,
        case when first then
          array(select distinct subscription_id from born where lease_until is null) end as parked
      from result
      """;

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
    long token = deliveries.newToken();
    List<UUID> lanes = new ArrayList<>(rooms.perLane().keySet());
    return jdbi.withHandle(handle -> {
      Rows batch = new Rows(deliveries);
      query(handle, pick, onRepeated)
          .bind("rows", rows)
          .bindArray("passed_over", UUID.class, new ArrayList<>(passedOver))
          .bind("max_deliveries", Deliveries.MAX_BATCH)
          .bind("max_bytes", Deliveries.MAX_BATCH_BYTES)
          .bind("timeout_ms", attemptTimeout.toMillis())
          .bind("margin_ms", Deliveries.LEASE_MARGIN.toMillis())
          .bind("room", rooms.perOther())
          .bind("together", rooms.together())
          .bindArray("closed", UUID.class, rooms.closed())
          .bindArray("lanes", UUID.class, lanes)
          .bindArray("rooms", Integer.class, lanes.stream().map(rooms.perLane()::get).toList())
          .bind("token", token)
          .map((row, context) -> batch.add(row))
          .forEach(added -> {});
      return batch.batch(token, askedNanos);
    });
  }

  private static Query query(Handle handle, Pick pick, String onRepeated) {
    Query query = handle.createQuery(statement(pick, onRepeated));
    return switch (pick) {
      case Pick.Oldest oldest -> query.bind("from", oldest.from());
      case Pick.Newest newest -> query;
      case Pick.Others others ->
          query
              .bind("from", others.from())
              .bindArray("flooding", UUID.class, new ArrayList<>(others.flooding()));
      case Pick.These these -> query.bindArray("these", UUID.class, these.ids());
    };
  }

  static String statement(Pick pick, String onRepeated) {
    return switch (pick) {
      case Pick.Oldest oldest -> FAN_OUT.formatted("o.id >= :from", "asc", onRepeated);
      case Pick.Newest newest -> FAN_OUT.formatted("true", "desc", onRepeated);
      case Pick.Others others ->
          FAN_OUT.formatted("o.id >= :from and o.tenant_id <> all(:flooding)", "asc", onRepeated);
      case Pick.These these -> FAN_OUT.formatted("o.id = any(:these)", "asc", onRepeated);
    };
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
