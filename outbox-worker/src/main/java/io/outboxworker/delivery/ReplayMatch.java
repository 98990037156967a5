package io.outboxworker.delivery;

import io.outboxworker.delivery.Replay.Criteria;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    UUID repeated() {
      return Objects.requireNonNull(replayOf);
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
  record Rest(UUID subscriptionId, UUID last, Instant createdAt) {}

  /** A new delivery is younger than the one that it repeats, so that older days are not read. */
  private static final String NOT_REPLAYED =
      """
      not exists (select from delivery_log r where r.replay_of = l.id and r.id > l.id)
        and not exists (select from delivery r where r.replay_of = l.id)\
      """;

  /** Ids that producers made may be ahead of the time at which their deliveries were made. */
  private static final String NOT_DELIVERED =
      """
      not exists (select from delivery_log l where l.event_id = e.id and l.subscription_id = e.subscription_id
          and l.id >= uuid_v7_at(:since::timestamptz - interval '1 day'))
        and not exists (select from delivery d where d.event_id = e.id and d.subscription_id = e.subscription_id
          and d.tenant_id = :tenant)\
      """;

  private static final Duration COUNT_LIMIT = Duration.ofSeconds(60);
  private static final int EVENTS_LOOKED_AT = 1_000;

  private ReplayMatch() {}

  /** How many match right now, by subscription; those without any are left out. */
  static Map<UUID, Long> count(Handle handle, Criteria criteria) {
    handle.execute("set local statement_timeout = " + COUNT_LIMIT.toMillis());
    String sql =
        criteria.status() == Replay.Status.MISSED ? countMissed() : countFinished(criteria);
    Map<UUID, Long> counts = new HashMap<>();
    bind(handle.createQuery(sql), criteria, criteria.subscriptionId())
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
      and (:event::text is null or l.event = :event)
      and %s
    group by l.subscription_id
    """
        .formatted(
            words(criteria.status()).collect(Collectors.joining(", ")),
            criteria.again() ? "true" : NOT_REPLAYED);
  }

  /** Patterns are matched once for each name, not once for each event. */
  private static String countMissed() {
    return """
    with named as materialized (
      select e.id, e.event from event_log e
      where e.tenant_id = :tenant and e.id >= uuid_v7_at(:since) and e.id < uuid_v7_at(:until)
        and e.erased_at is null and (:event::text is null or e.event = :event)),
    wanted as materialized (
      select n.event, s.id as subscription_id from (select distinct event from named) n
      join subscription s on s.tenant_id = :tenant and s.active
        and s.event = any(patterns_matching(n.event))
      where :subscription::uuid is null or s.id = :subscription),
    e as (select named.id, wanted.subscription_id from named join wanted using (event))
    select e.subscription_id, count(*) as matching from e
    where %s
    group by e.subscription_id
    """
        .formatted(NOT_DELIVERED);
  }

  /** The oldest {@code limit} that are left, or fewer where it has looked at enough. */
  static Piece next(Handle handle, Criteria criteria, Rest rest, int limit) {
    return criteria.status() == Replay.Status.MISSED
        ? nextMissed(handle, criteria, rest, limit)
        : nextFinished(handle, criteria, rest, limit);
  }

  private static Piece nextFinished(Handle handle, Criteria criteria, Rest rest, int limit) {
    String sql =
        words(criteria.status())
            .map(word -> oldest(word, criteria.again()))
            .collect(
                Collectors.joining(
                    " union all ", "select * from (", ") found order by id limit :limit"));
    List<Found> found =
        bind(handle.createQuery(sql), criteria, rest.subscriptionId)
            .bind("last", rest.last)
            .bind("created_at", rest.createdAt)
            .bind("limit", limit)
            .map((row, context) ->
                new Found(row.getObject("event_id", UUID.class), row.getObject("id", UUID.class)))
            .list();
    boolean more = found.size() == limit;
    return new Piece(found, more ? found.getLast().repeated() : rest.last, more);
  }

  private static String oldest(String word, boolean again) {
    return """
    (select l.id, l.event_id from delivery_log l
    join event_log e on e.id = l.event_id and e.erased_at is null
    where l.subscription_id = :subscription and l.tenant_id = :tenant and l.status = %s
      and l.id > :last and l.id >= uuid_v7_at(:since) and l.id < uuid_v7_at(:until)
      and l.finished_at <= :created_at and (:event::text is null or l.event = :event)
      and %s
    order by l.id limit :limit)
    """
        .formatted(word, again ? "true" : NOT_REPLAYED);
  }

  /** Looks at a bounded number of events, since no planner can know how few were missed. */
  private static Piece nextMissed(Handle handle, Criteria criteria, Rest rest, int limit) {
    List<UUID> lookedAt =
        bind(
                handle.createQuery(
                    """
                    select e.id from event_log e
                    where e.tenant_id = :tenant and e.id > :last
                      and e.id >= uuid_v7_at(:since) and e.id < uuid_v7_at(:until)
                    order by e.id limit :looked_at
                    """),
                criteria,
                rest.subscriptionId)
            .bind("last", rest.last)
            .bind("looked_at", EVENTS_LOOKED_AT)
            .mapTo(UUID.class)
            .list();
    if (lookedAt.isEmpty()) {
      return new Piece(List.of(), rest.last, false);
    }
    List<Found> found =
        missed(handle, criteria, rest, lookedAt.getFirst(), lookedAt.getLast(), limit);
    boolean cutShort = found.size() == limit;
    return new Piece(
        found,
        cutShort ? found.getLast().eventId() : lookedAt.getLast(),
        cutShort || lookedAt.size() == EVENTS_LOOKED_AT);
  }

  private static List<Found> missed(
      Handle handle, Criteria criteria, Rest rest, UUID from, UUID to, int limit) {
    return bind(
            handle.createQuery(
                """
                with e as materialized (
                  select e.id, s.id as subscription_id from event_log e
                  join subscription s on s.id = :subscription and s.event = any(patterns_matching(e.event))
                  where e.tenant_id = :tenant and e.id >= :from and e.id <= :to
                    and e.erased_at is null and (:event::text is null or e.event = :event))
                select e.id from e where %s order by e.id limit :limit
                """
                    .formatted(NOT_DELIVERED)),
            criteria,
            rest.subscriptionId)
        .bind("from", from)
        .bind("to", to)
        .bind("limit", limit)
        .map((row, context) -> new Found(row.getObject("id", UUID.class), null))
        .list();
  }

  private static Query bind(Query query, Criteria criteria, @Nullable UUID subscriptionId) {
    return query
        .bind("tenant", criteria.tenantId())
        .bind("subscription", subscriptionId)
        .bind("since", criteria.since())
        .bind("until", criteria.until())
        .bind("event", criteria.event());
  }

  private static Stream<String> words(Replay.Status status) {
    return (status == Replay.Status.ALL
            ? List.of(Replay.Status.DELIVERED, Replay.Status.FAILED)
            : List.of(status))
        .stream().map(word -> "'" + word.word() + "'");
  }
}
