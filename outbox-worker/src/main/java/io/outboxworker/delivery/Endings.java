package io.outboxworker.delivery;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Ends deliveries without an attempt: those of inactive subscriptions, and those that seem to kill
 * their workers. Any worker may do it at any time. Thread-safe.
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

  private static final String INACTIVE =
      "not exists (select from subscription s where s.id = d.subscription_id and s.active)";

  private static final String OF_ITS_SUBSCRIPTION =
      """
      case when s.deleted_at is not null or s.id is null then 'subscription_deleted'
        when s.disabled_at is not null then 'subscription_disabled'
        else 'subscription_paused' end\
      """;

  private final Jdbi jdbi;
  private final Ending ending;

  public Endings(Jdbi jdbi) {
    this.jdbi = jdbi;
    this.ending = new Ending(jdbi);
  }

  /** Ends a batch of deliveries of these subscriptions, as far as they are inactive. */
  public List<Ended> endInactive(List<UUID> subscriptionIds) {
    List<UUID> ids =
        jdbi.withHandle(handle ->
            handle
                .createQuery(
                    """
                    select d.id from delivery d left join subscription s on s.id = d.subscription_id
                    where d.subscription_id = any(:subscriptions) and d.lease_until is null
                      and s.active is not true and d.id not in (select unnest(:passed_over))
                    order by d.id limit :batch
                    """)
                .bindArray("subscriptions", UUID.class, subscriptionIds)
                .bindArray("passed_over", UUID.class, ending.passedOver())
                .bind("batch", BATCH)
                .mapTo(UUID.class)
                .list());
    return ending.end(ids, INACTIVE, OF_ITS_SUBSCRIPTION);
  }

  /**
   * Ends a batch of what waits for a retry of a subscription that became inactive lately. It is not
   * parked first: if the subscription were resumed meanwhile, it would be sent before it is due.
   */
  public List<Ended> endWaiting() {
    List<UUID> ids =
        jdbi.withHandle(handle ->
            handle
                .createQuery(
                    """
                    with inactive as materialized (
                      select id from subscription
                      where not active and inactive_since > now() - :recently_ms * interval '1 ms')
                    select id from delivery
                    where (select count(*) from inactive) > 0 and next_attempt_at is not null
                      and subscription_id = any(array(select id from inactive))
                      and id not in (select unnest(:passed_over))
                    limit :batch
                    """)
                .bind("recently_ms", RECENTLY.toMillis())
                .bindArray("passed_over", UUID.class, ending.passedOver())
                .bind("batch", BATCH)
                .mapTo(UUID.class)
                .list());
    return ending.end(ids, INACTIVE, OF_ITS_SUBSCRIPTION);
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
                      and id not in (select unnest(:passed_over))
                      and not exists (select from lost_worker w
                        where w.worker = (lease_token >> 32)::int and w.found_at > now() - :grace_ms * interval '1 ms')
                    limit :batch
                    """)
                .bindArray("passed_over", UUID.class, ending.passedOver())
                .bind("grace_ms", GRACE.toMillis())
                .bind("batch", BATCH)
                .mapTo(UUID.class)
                .list());
    return ending.each(lost, batch -> jdbi.inTransaction(handle -> judgeLost(handle, batch)));
  }

  private static List<Ended> judgeLost(Handle handle, List<UUID> lost) {
    String guilty =
        """
        d.on_trial and d.claims - d.attempts >= least(:most, (select count(*) from lost_worker
          where found_at > now() - :lately_ms * interval '1 ms'))\
        """;
    List<Ended> ended =
        Ending.ending(handle, lost, guilty, "'worker_lost'", "history")
            .bind("most", Deliveries.SUSPECT_LOSSES + MOST_TRIALS)
            .bind("lately_ms", LATELY.toMillis())
            .map(Ending::ended)
            .list();
    handle
        .createUpdate(
            "update delivery set on_trial = false where id = any(:lost) and lease_until is null")
        .bindArray("lost", UUID.class, lost)
        .execute();
    return ended;
  }
}
