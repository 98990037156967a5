package io.outboxworker.delivery;

import io.outboxworker.database.SqlFault;
import io.outboxworker.delivery.Endings.Ended;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/**
 * Ends parked deliveries that nobody can claim, because their payload has left the log or cannot be
 * read. Any worker may do it at any time. Thread-safe.
 */
public final class LostPayloads {
  private static final int BATCH = 500;

  private final Jdbi jdbi;
  private final Ending ending;

  public LostPayloads(Jdbi jdbi) {
    this.jdbi = jdbi;
    this.ending = new Ending(jdbi);
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
               where d.subscription_id = s.id and d.lease_until is null and d.id not in (select unnest(:passed_over))
               order by d.id limit 5)
              union
              (select d.id, d.event_id from delivery d
               where d.subscription_id = s.id and d.ordered and d.lease_until is null and d.id not in (select unnest(:passed_over))
               order by d.event_id, d.id limit 5)) first
            where not exists (select from event_log e where e.id = first.event_id) limit :batch
            """,
            subscriptionIds);
    String gone = "not exists (select from event_log e where e.id = d.event_id)";
    return ending.end(ids, gone, "'the payload has left the log'");
  }

  /** Ends those of these subscriptions' next ones that PostgreSQL cannot read. */
  public List<Ended> endUnreadable(List<UUID> subscriptionIds) {
    List<UUID> ids =
        ids(
            """
            select first.id from unnest(:subscriptions) s(id) cross join lateral (
              select d.id from delivery d
              where d.subscription_id = s.id and d.lease_until is null and d.id not in (select unnest(:passed_over))
              order by d.id limit :batch) first
            limit :batch
            """,
            subscriptionIds);
    List<UUID> unreadable = ids.stream().filter(this::isUnreadable).toList();
    return ending.end(unreadable, "true", "'the payload cannot be read'");
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

  private List<UUID> ids(String sql, List<UUID> subscriptionIds) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(sql)
            .bindArray("subscriptions", UUID.class, subscriptionIds)
            .bindArray("passed_over", UUID.class, ending.passedOver())
            .bind("batch", BATCH)
            .mapTo(UUID.class)
            .list());
  }
}
