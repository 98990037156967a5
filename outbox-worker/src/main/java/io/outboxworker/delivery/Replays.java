package io.outboxworker.delivery;

import io.outboxworker.delivery.Replay.Criteria;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's replays: asked for here, done by {@link Replaying} in the background. Each method is a
 * transaction of its own. Thread-safe.
 */
public final class Replays {
  private static final String COLUMNS =
      """
      id, subscription_id, since, until, status, event, again, total, replayed, created_at, finished_at\
      """;

  private final Jdbi jdbi;
  private final Consumer<Set<UUID>> parked;

  /**
   * @param parked is told the subscriptions that have new parked deliveries
   */
  public Replays(Jdbi jdbi, Consumer<Set<UUID>> parked) {
    this.jdbi = jdbi;
    this.parked = parked;
  }

  /** How many match right now. */
  public long count(Criteria criteria) {
    return jdbi.inTransaction(handle ->
        ReplayMatch.count(handle, criteria.endedAt(now(handle))).values().stream()
            .mapToLong(Long::longValue)
            .sum());
  }

  /** Begins one over all that matches right now; it goes on until it is done, whoever dies. */
  public Replay start(Criteria wanted) {
    return jdbi.inTransaction(handle -> {
      Criteria criteria = wanted.endedAt(now(handle));
      UUID id = handle.createQuery("select uuid_v7()").mapTo(UUID.class).one();
      Map<UUID, Long> counts =
          criteria.status() == Replay.Status.MISSED
              ? ReplayMatch.keepMissed(handle, criteria, id)
              : ReplayMatch.count(handle, criteria);
      handle
          .createUpdate(
              """
              insert into replay_part (replay_id, subscription_id)
              select :replay, subscription_id from unnest(:subscriptions) part(subscription_id)
              """)
          .bind("replay", id)
          .bindArray("subscriptions", UUID.class, new ArrayList<>(counts.keySet()))
          .execute();
      return insert(handle, id, criteria, counts.values().stream().mapToLong(n -> n).sum());
    });
  }

  private static Replay insert(Handle handle, UUID id, Criteria criteria, long total) {
    return handle
        .createQuery(
            """
            insert into replay (id, tenant_id, subscription_id, since, until, status, event, again, total, finished_at)
            values (:id, :tenant, :subscription, :since, :until, :status, :event, :again, :total,
              case when :total = 0 then now() end)
            returning %s
            """
                .formatted(COLUMNS))
        .bind("id", id)
        .bind("tenant", criteria.tenantId())
        .bind("subscription", criteria.subscriptionId())
        .bind("since", criteria.since())
        .bind("until", criteria.until())
        .bind("status", criteria.status().word())
        .bind("event", criteria.event())
        .bind("again", criteria.again())
        .bind("total", total)
        .map(Replays::replay)
        .one();
  }

  /** The tenant's replay with this id, as far as it has come. */
  public Optional<Replay> find(UUID tenantId, UUID id) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                "select %s from replay where id = :id and tenant_id = :tenant".formatted(COLUMNS))
            .bind("id", id)
            .bind("tenant", tenantId)
            .map(Replays::replay)
            .findOne());
  }

  /**
   * Up to {@code limit} of the tenant's replays, newest first.
   *
   * @param before the id of the last one of the page before, null for the first page
   */
  public List<Replay> page(UUID tenantId, @Nullable UUID before, int limit) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select %s from replay
                where tenant_id = :tenant and (:before::uuid is null or id < :before)
                order by id desc limit :limit
                """
                    .formatted(COLUMNS))
            .bind("tenant", tenantId)
            .bind("before", before)
            .bind("limit", limit)
            .map(Replays::replay)
            .list());
  }

  /**
   * Sends one finished delivery's event again at once, as a new delivery, whether it was replayed
   * before or not.
   */
  public Retried retry(UUID tenantId, UUID id) {
    Retried retried = jdbi.inTransaction(handle -> retry(handle, tenantId, id));
    if (retried instanceof Retried.Made made) {
      parked.accept(Set.of(made.item().subscriptionId()));
    }
    return retried;
  }

  private static Retried retry(Handle handle, UUID tenantId, UUID id) {

    Optional<Retried.Refused> refused = refusal(handle, tenantId, id);
    if (refused.isPresent()) {
      return refused.get();
    }
    Optional<DeliveryItem> made =
        handle
            .createQuery(
                """
                with source as (
                  select l.id, l.event_id, l.subscription_id, l.tenant_id, e.event, e.resource_id, s.ordered
                  from delivery_log l
                  join subscription s on s.id = l.subscription_id and s.active
                  join event_log e on e.id = l.event_id and e.erased_at is null
                  where l.id = :id and l.tenant_id = :tenant
                  for share of e),
                t as (
                  insert into delivery (event_id, subscription_id, tenant_id, event, resource_id, ordered, replay_of)
                  select event_id, subscription_id, tenant_id, event, resource_id, ordered, id from source
                  returning *)
                select %s from t
                """
                    .formatted(DeliverySource.NOT_FINAL))
            .bind("id", id)
            .bind("tenant", tenantId)
            .map(DeliveryList::item)
            .findOne();
    if (made.isEmpty()) {
      return Retried.Refused.ERASED;
    }
    Audit.note(handle, tenantId, "delivery.retried", id);
    return new Retried.Made(made.get());
  }

  private static Optional<Retried.Refused> refusal(Handle handle, UUID tenantId, UUID id) {
    return handle
        .createQuery(
            """
            select case
              when exists (select from delivery where id = :id and tenant_id = :tenant) then 'NOT_FINAL'
              when l.id is null then 'UNKNOWN'
              when e.id is null or e.erased_at is not null then 'ERASED'
              when s.active is not true then 'INACTIVE' end
            from (select) nothing
            left join delivery_log l on l.id = :id and l.tenant_id = :tenant
            left join event_log e on e.id = l.event_id
            left join subscription s on s.id = l.subscription_id
            """)
        .bind("id", id)
        .bind("tenant", tenantId)
        .mapTo(String.class)
        .findOne()
        .map(Retried.Refused::valueOf);
  }

  private static Instant now(Handle handle) {
    return handle.createQuery("select now()").mapTo(Instant.class).one();
  }

  private static Replay replay(ResultSet row, StatementContext context) throws SQLException {
    Timestamp finishedAt = row.getTimestamp("finished_at");
    return new Replay(
        row.getObject("id", UUID.class),
        row.getObject("subscription_id", UUID.class),
        row.getTimestamp("since").toInstant(),
        row.getTimestamp("until").toInstant(),
        row.getString("status"),
        row.getString("event"),
        row.getBoolean("again"),
        row.getLong("total"),
        row.getLong("replayed"),
        row.getTimestamp("created_at").toInstant(),
        finishedAt == null ? null : finishedAt.toInstant());
  }
}
