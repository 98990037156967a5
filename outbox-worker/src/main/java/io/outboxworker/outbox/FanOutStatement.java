package io.outboxworker.outbox;

import io.outboxworker.delivery.Deliveries;
import io.outboxworker.delivery.Rooms;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.statement.Query;

/**
 * The one statement of a fan-out, and so one transaction: events leave the outbox and become
 * deliveries, or nothing happened.
 *
 * @param rows how many events at most
 * @param passedOver events that it must leave alone
 * @param attemptTimeout for subscriptions without one of their own
 * @param token what the deliveries that there is room for are leased with
 */
record FanOutStatement(
    Pick pick,
    int rows,
    Rooms rooms,
    Collection<UUID> passedOver,
    Duration attemptTimeout,
    long token) {
  // PostgreSQL takes the parts of this statement for ten rows, or for one where the outbox was
  // empty when it was analyzed last, and would join them by loops: 250,000 steps a batch. So what
  // belongs together stays in one row, and the rest is looked up: by `in (select …)` in a select
  // list, which is run as a hashed subplan, in an object, or behind an `offset 0`, which no join
  // can be moved into.
  private static final String TEXT =
      """
      with pick as materialized (
        select o.ctid as place, o.id, o.tenant_id, o.event, octet_length(o.data::text) as bytes from outbox o
        where %1$s and o.id <> all(:passed_over)
        order by o.id %2$s limit :rows for update skip locked),
      name as materialized (
        select event, patterns_matching(event) as patterns from (select distinct event from pick) n),
      kind as materialized (
        select k.*, name.patterns
        from (
          select tenant_id, event, array_agg(id) as ids, array_agg(bytes) as sizes, array_agg(place) as places
          from pick group by tenant_id, event) k
        join name using (event)),
      weight as materialized (
        select ids, sizes, places, (select count(*) from (
          select from subscription s
          where s.tenant_id = kind.tenant_id and s.active and s.event = any(kind.patterns)
          limit :max_deliveries + 1) matching) as matching
        from kind),
      keep as (
        select place from (
          select p.place, p.bytes, w.matching,
            sum(w.matching) over oldest_first as deliveries_so_far, sum(p.bytes) over oldest_first as bytes_so_far
          from weight w, unnest(w.ids, w.sizes, w.places) p(id, bytes, place)
          window oldest_first as (order by p.id %2$s)) sized
        where (deliveries_so_far <= :max_deliveries or deliveries_so_far = matching)
          and (bytes_so_far <= :max_bytes or bytes_so_far = bytes)),
      moved as (
        delete from outbox where ctid = any(array(select place from keep))
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

  /** Its SQL, and what becomes of an event that the log has already. */
  String text(String onRepeated) {
    return switch (pick) {
      case Pick.Oldest oldest -> TEXT.formatted("o.id >= :from", "asc", onRepeated);
      case Pick.Newest newest -> TEXT.formatted("true", "desc", onRepeated);
      case Pick.Others others ->
          TEXT.formatted("o.id >= :from and o.tenant_id <> all(:flooding)", "asc", onRepeated);
      case Pick.These these -> TEXT.formatted("o.id = any(:these)", "asc", onRepeated);
    };
  }

  /** Tells a query with this SQL all that it asks for. */
  Query bind(Query query) {
    List<UUID> lanes = new ArrayList<>(rooms.perLane().keySet());
    return bindPick(query)
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
        .bind("token", token);
  }

  private Query bindPick(Query query) {
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
}
