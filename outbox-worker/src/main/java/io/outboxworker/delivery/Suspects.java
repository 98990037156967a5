package io.outboxworker.delivery;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Claims deliveries that were claimed twice without a result, one at a time: their payloads may
 * kill workers. Each is marked as on trial, and the mark is on the disk before its payload is read,
 * so that a worker's death is held against the one that it was trying and against no other. Not
 * thread-safe.
 */
final class Suspects {
  private final Jdbi jdbi;
  private final Deliveries deliveries;

  /** What a claim carries that may have been committed without our knowing. */
  private @Nullable Long tokenInDoubt;

  Suspects(Jdbi jdbi, Deliveries deliveries) {
    this.jdbi = jdbi;
    this.deliveries = deliveries;
  }

  /**
   * The oldest parked suspect of an active subscription, of those that were lost least often: one
   * that a worker died of comes last.
   *
   * @param outlived those of this worker that have shown that they don't kill: with the new one on
   *     trial, a death is not held against them any more
   */
  Optional<Claim> claim(List<Claim> outlived) {
    if (tokenInDoubt != null) {
      long token = tokenInDoubt;
      jdbi.useTransaction(handle -> takeBack(handle, token));
    }
    long token = deliveries.newToken();
    tokenInDoubt = token;
    Optional<UUID> marked = jdbi.inTransaction(handle -> mark(handle, token, outlived));
    Optional<Claim> claim = marked.flatMap(id -> deliveries.claimed(id, token));
    tokenInDoubt = null;
    return claim;
  }

  private Optional<UUID> mark(Handle handle, long token, List<Claim> outlived) {
    handle.execute("set local synchronous_commit = on");
    Optional<UUID> marked =
        deliveries
            .leasing(
                handle.createQuery(
                    """
                    update delivery d set claims = claims + 1, on_trial = true, lease_token = :token,
                      lease_until = now() + (:margin_ms + coalesce((select s.timeout_ms from subscription s
                        where s.id = d.subscription_id), :timeout_ms)) * interval '1 ms'
                    where d.lease_until is null and d.id = any(array(
                      select p.id from delivery p join subscription s on s.id = p.subscription_id and s.active
                      where p.lease_until is null and p.claims - p.attempts >= 2 and not p.on_trial
                        and (not p.ordered or not exists (select from delivery earlier
                          where earlier.ordered and earlier.subscription_id = p.subscription_id
                            and (earlier.event_id < p.event_id or earlier.lease_until is not null)))
                      order by p.claims - p.attempts, p.id limit 1 for update of p skip locked))
                    returning id
                    """),
                token)
            .mapTo(UUID.class)
            .findOne();
    if (marked.isPresent() && !outlived.isEmpty()) {
      acquit(handle, outlived);
    }
    return marked;
  }

  private static void acquit(Handle handle, List<Claim> outlived) {
    handle
        .createUpdate(
            """
            update delivery d set on_trial = false
            from unnest(:ids, :tokens) r(id, token) where d.id = r.id and d.lease_token = r.token and d.on_trial
            """)
        .bindArray("ids", UUID.class, outlived.stream().map(Claim::id).toList())
        .bindArray("tokens", Long.class, outlived.stream().map(Claim::token).toList())
        .execute();
  }

  /** It was not sent, and nobody died. */
  private static void takeBack(Handle handle, long token) {
    // No index is worth its price for what hardly ever happens: the table is read whole.
    handle.execute("set local enable_seqscan = on");
    handle
        .createUpdate(
            """
            update delivery set on_trial = false, claims = claims - 1, lease_until = null, lease_token = null
            where lease_token = :token and on_trial
            """)
        .bind("token", token)
        .execute();
  }
}
