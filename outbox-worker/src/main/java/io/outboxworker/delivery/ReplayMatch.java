package io.outboxworker.delivery;

import io.outboxworker.delivery.Replay.Criteria;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Finds what a replay sends again. Each method joins its caller's transaction. */
final class ReplayMatch {
  /** An event of which one delivery is to be made, and the delivery that it repeats, if any. */
  record Found(UUID eventId, @Nullable UUID replayOf) {
    /** Where among the others it stands. */
    UUID position() {
      return replayOf == null ? eventId : replayOf;
    }
  }

  /**
   * A piece of a part.
   *
   * @param last where the next piece begins
   * @param more whether there is one
   */
  record Piece(List<Found> found, UUID last, boolean more) {}

  /** What is left of one subscription's part after {@code last}, as of {@code createdAt}. */
  record Rest(UUID replayId, UUID subscriptionId, UUID last, Instant createdAt) {}

  /** A new delivery is younger than the one that it repeats, so that older days are not read. */
  private static final String NOT_REPLAYED =
      """
      not exists (select from delivery_log r where r.replay_of = l.id and r.id > l.id)
        and not exists (select from delivery r where r.replay_of = l.id)\
      """;

  /**
   * Patterns are matched once for each name, not once for each event. Ids that producers made may
   * be ahead of the time at which their deliveries were made, hence the day.
   */
  private static final String MISSED =
      """
      with named as materialized (
        select e.id, e.event from event_log e
        where e.tenant_id = :tenant and e.id >= uuid_v7_at(:since) and e.id < uuid_v7_at(:until)
          and e.erased_at is null and %s),
      wanted as materialized (
        select n.event, s.id as subscription_id from (select distinct event from named) n
        join subscription s on s.tenant_id = :tenant and s.active and s.event = any(patterns_matching(n.event))
        where :subscription::uuid is null or s.id = :subscription),
      missed as (
        select w.subscription_id, n.id as event_id from named n join wanted w using (event)
        where not exists (select from delivery_log l
            where l.event_id = n.id and l.subscription_id = w.subscription_id and l.tenant_id = :tenant
              and (:subscription::uuid is null or l.subscription_id = :subscription)
              and l.id >= uuid_v7_at(:since::timestamptz - interval '1 day'))
          and not exists (select from delivery d
            where d.event_id = n.id and d.subscription_id = w.subscription_id and d.tenant_id = :tenant)
          and not exists (select from replay_missed m
            where m.subscription_id = w.subscription_id and m.event_id = n.id))
      """
          .formatted(named("e.event"));

  private ReplayMatch() {}

  /** How many match right now, by subscription; those without any are left out. */
  static Map<UUID, Long> count(Handle handle, Criteria criteria) {
    String sql =
        criteria.status() == Replay.Status.MISSED
            ? MISSED + "select subscription_id, count(*) as matching from missed group by 1"
            : countFinished(criteria);
    return counts(bind(handle.createQuery(sql), criteria, criteria.subscriptionId()));
  }

  /** Keeps the missed events for the replay, and counts them like {@link #count}. */
  static Map<UUID, Long> keepMissed(Handle handle, Criteria criteria, UUID replayId) {
    return counts(
        bind(
                handle.createQuery(
                    MISSED
                        + """
                        , kept as (
                          insert into replay_missed (subscription_id, event_id, replay_id)
                          select subscription_id, event_id, :replay from missed on conflict do nothing
                          returning subscription_id)
                        select subscription_id, count(*) as matching from kept group by 1
                        """),
                criteria,
                criteria.subscriptionId())
            .bind("replay", replayId));
  }

  private static Map<UUID, Long> counts(Query query) {
    Map<UUID, Long> counts = new HashMap<>();
    query
        .map((row, context) ->
            Map.entry(row.getObject("subscription_id", UUID.class), row.getLong("matching")))
        .forEach(entry -> counts.put(entry.getKey(), entry.getValue()));
    return counts;
  }

  private static String countFinished(Criteria criteria) {
    return """
    select l.subscription_id, count(*) as matching
    from delivery_log l
    join subscription s on s.id = l.subscription_id and s.active
    join event_log e on e.id = l.event_id and e.erased_at is null
    where l.tenant_id = :tenant and l.status in (%s)
      and l.id >= uuid_v7_at(:since) and l.id < uuid_v7_at(:until)
      and (:subscription::uuid is null or l.subscription_id = :subscription)
      and %s
      and %s
    group by l.subscription_id
    """
        .formatted(
            words(criteria.status()).collect(Collectors.joining(", ")),
            named("l.event"),
            criteria.again() ? "true" : NOT_REPLAYED);
  }

  /** The oldest {@code limit} that are left. */
  static Piece next(Handle handle, Criteria criteria, Rest rest, int limit) {
    List<Found> found =
        criteria.status() == Replay.Status.MISSED
            ? nextMissed(handle, rest, limit)
            : nextFinished(handle, criteria, rest, limit);
    boolean more = found.size() == limit;
    return new Piece(found, more ? found.getLast().position() : rest.last, more);
  }

  private static List<Found> nextFinished(Handle handle, Criteria criteria, Rest rest, int limit) {
    String sql =
        words(criteria.status())
            .map(word -> oldest(word, criteria.again()))
            .collect(
                Collectors.joining(
                    " union all ", "select * from (", ") found order by id limit :limit"));
    return bind(handle.createQuery(sql), criteria, rest.subscriptionId)
        .bind("last", rest.last)
        .bind("created_at", rest.createdAt)
        .bind("limit", limit)
        .map((row, context) ->
            new Found(row.getObject("event_id", UUID.class), row.getObject("id", UUID.class)))
        .list();
  }

  private static String oldest(String word, boolean again) {
    return """
    (select l.id, l.event_id from delivery_log l
    join event_log e on e.id = l.event_id and e.erased_at is null
    where l.subscription_id = :subscription and l.tenant_id = :tenant and l.status = %s
      and l.id > :last and l.id >= uuid_v7_at(:since) and l.id < uuid_v7_at(:until)
      and l.finished_at <= :created_at and %s
      and %s
    order by l.id limit :limit)
    """
        .formatted(word, named("l.event"), again ? "true" : NOT_REPLAYED);
  }

  private static List<Found> nextMissed(Handle handle, Rest rest, int limit) {
    return handle
        .createQuery(
            """
            select event_id from replay_missed
            where subscription_id = :subscription and replay_id = :replay and event_id > :last
            order by event_id limit :limit
            """)
        .bind("subscription", rest.subscriptionId)
        .bind("replay", rest.replayId)
        .bind("last", rest.last)
        .bind("limit", limit)
        .map((row, context) -> new Found(row.getObject("event_id", UUID.class), null))
        .list();
  }

  /** Forgets the missed events of a part that is done. */
  static void forgetMissed(Handle handle, Rest rest) {
    handle
        .createUpdate(
            "delete from replay_missed where subscription_id = :subscription and replay_id ="
                + " :replay")
        .bind("subscription", rest.subscriptionId)
        .bind("replay", rest.replayId)
        .execute();
  }

  /**
   * Whether the event is wanted; for a single name what is null falls out, and its index serves.
   */
  private static String named(String column) {
    return """
    (:event::text is null or %1$s = :event or :prefix::text is not null and starts_with(%1$s, :prefix))\
    """
        .formatted(column);
  }

  private static Query bind(Query query, Criteria criteria, @Nullable UUID subscriptionId) {
    return query
        .bind("tenant", criteria.tenantId())
        .bind("subscription", subscriptionId)
        .bind("since", criteria.since())
        .bind("until", criteria.until())
        .bind("event", criteria.event())
        .bind("prefix", criteria.eventPrefix());
  }

  private static Stream<String> words(Replay.Status status) {
    return (status == Replay.Status.ALL
            ? List.of(Replay.Status.DELIVERED, Replay.Status.FAILED)
            : List.of(status))
        .stream().map(word -> "'" + word.word() + "'");
  }
}
