package io.outboxworker.delivery;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * Sends the events of finished deliveries again, each as a new delivery to the same subscription.
 * Only what can be sent is matched: the subscription is active and the event is still in the log.
 * Thread-safe.
 */
public final class Replay {
  /** Which finished deliveries. */
  public enum Status {
    FAILED,
    DELIVERED,
    ALL
  }

  /**
   * What to replay.
   *
   * @param subscriptionId null for all of the tenant's
   * @param since created at or after
   * @param until created before; a moment that has passed, so that a replay never matches itself
   * @param again whether deliveries match that were replayed before
   */
  public record Criteria(
      UUID tenantId,
      @Nullable UUID subscriptionId,
      Instant since,
      Instant until,
      Status status,
      boolean again) {}

  /** How many a batch replayed, and where the next one goes on; null after the last batch. */
  public record Batch(int replayed, @Nullable UUID next) {}

  private static final UUID FIRST = new UUID(0, 0);

  private static final String MATCHING =
      """
      from delivery_log l
      join subscription s on s.id = l.subscription_id and s.active
      join event_log e on e.id = l.event_id
      where l.tenant_id = :tenant and l.id >= uuid_v7_at(:since) and l.id < uuid_v7_at(:until)
        and (:subscription::uuid is null or l.subscription_id = :subscription)
        and (:status = 'all' or l.status = :status)
        and (:again or (
          not exists (select from delivery_log r where r.replay_of = l.id)
          and not exists (select from delivery r where r.replay_of = l.id)))
      """;

  private final Jdbi jdbi;

  public Replay(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** The database's time, for criteria that end now. */
  public Instant now() {
    return jdbi.withHandle(handle -> handle.createQuery("select now()").mapTo(Instant.class).one());
  }

  /** How many deliveries match right now. */
  public long count(Criteria criteria) {
    return jdbi.withHandle(handle ->
        bind(handle.createQuery("select count(*) " + MATCHING), criteria).mapTo(long.class).one());
  }

  /**
   * Replays up to {@code limit} matching deliveries in one transaction, oldest first. They are born
   * parked, so that workers take them as their lanes have room.
   *
   * @param from the {@code next} of the batch before, null for the first
   */
  public Batch replay(Criteria criteria, @Nullable UUID from, int limit) {
    return jdbi.inTransaction(handle -> {
      handle
          .createQuery("select 1 from pg_advisory_xact_lock(hashtextextended(:tenant, 0))")
          .bind("tenant", criteria.tenantId.toString())
          .mapTo(int.class)
          .one();
      List<UUID> replayed =
          bind(
                  handle.createQuery(
                      """
                      with matching as (
                        select l.id, l.event_id, l.subscription_id, l.tenant_id, s.ordered
                      """
                          + MATCHING
                          + """
                              and l.id > :from
                            order by l.id limit :limit)
                          insert into delivery (event_id, subscription_id, tenant_id, ordered, replay_of)
                          select event_id, subscription_id, tenant_id, ordered, id from matching order by id
                          returning replay_of
                          """),
                  criteria)
              .bind("from", from == null ? FIRST : from)
              .bind("limit", limit)
              .mapTo(UUID.class)
              .list();
      boolean more = replayed.size() == limit;
      return new Batch(replayed.size(), more ? replayed.get(replayed.size() - 1) : null);
    });
  }

  private static Query bind(Query query, Criteria criteria) {
    return query
        .bind("tenant", criteria.tenantId)
        .bind("subscription", criteria.subscriptionId)
        .bind("since", criteria.since)
        .bind("until", criteria.until)
        .bind("status", criteria.status.name().toLowerCase(Locale.ROOT))
        .bind("again", criteria.again);
  }
}
