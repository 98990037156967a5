package io.outboxworker.subscription;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The subscriptions that the worker is busy with, as they are right now. Thread-safe. */
public final class LiveSubscriptions {
  /**
   * A subscription and the version of its row.
   *
   * @param subscription null where there is no such row
   */
  public record Copy(UUID id, long version, @Nullable Subscription subscription) {}

  private final Jdbi jdbi;
  private final SubscriptionRow row;

  public LiveSubscriptions(Jdbi jdbi, KeyRing keys) {
    this.jdbi = jdbi;
    this.row = new SubscriptionRow(keys);
  }

  /**
   * Those whose rows differ from the versions that the caller holds ({@code -1}: none). The row's
   * own version is compared, never a time, because a change may commit late.
   */
  public List<Copy> changed(Map<UUID, Long> held) {
    List<UUID> ids = new ArrayList<>(held.keySet());
    List<Long> versions = ids.stream().map(held::get).toList();
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select held.id as held_id, coalesce(s.xmin::text::bigint, 0) as version, %s
                from unnest(:ids, :versions) held(id, version)
                left join subscription s on s.id = held.id
                where held.version <> coalesce(s.xmin::text::bigint, 0)
                """
                    .formatted(SubscriptionRow.COLUMNS))
            .bindArray("ids", UUID.class, ids)
            .bindArray("versions", Long.class, versions)
            .map((found, context) -> {
              UUID id = found.getObject("held_id", UUID.class);
              boolean exists = found.getObject("id") != null;
              return new Copy(
                  id, found.getLong("version"), exists ? row.map(found, context) : null);
            })
            .list());
  }

  /**
   * Notes, once, since when these have been failing. Joins the caller's transaction, and passes
   * over rows that somebody has locked: the next result of the subscription says it again, and
   * nobody's results wait for a lock.
   */
  public static void markFailing(Handle handle, Collection<UUID> ids) {
    handle
        .createUpdate(
            """
            update subscription set failing_since = now()
            where id = any(array(select id from subscription
              where id = any(:ids) and failing_since is null order by id for update skip locked))
            """)
        .bindArray("ids", UUID.class, ids)
        .execute();
  }

  /** How many active ones have been failing for longer than {@code limit}. */
  public long countFailing(Duration limit) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select count(*) from subscription
                where active and failing_since < now() - :limit_ms * interval '1 ms'
                """)
            .bind("limit_ms", limit.toMillis())
            .mapTo(long.class)
            .one());
  }

  /** Notes that the endpoint at this URL answered a challenge, unless the URL is another by now. */
  public void markVerified(Subscription subscription) {
    jdbi.useHandle(handle ->
        handle
            .createUpdate(
                """
                update subscription set verified_at = now()
                where id = :id and tenant_id = :tenant and url = :url and verified_at is null
                """)
            .bind("id", subscription.id())
            .bind("tenant", subscription.tenantId())
            .bind("url", subscription.url())
            .execute());
  }

  /** Notes that these had a success. Joins the caller's transaction. */
  public static void markHealthy(Handle handle, Collection<UUID> ids) {
    handle
        .createUpdate(
            """
            update subscription set failing_since = null
            where id = any(array(select id from subscription
              where id = any(:ids) and failing_since is not null order by id for update skip locked))
            """)
        .bindArray("ids", UUID.class, ids)
        .execute();
  }

  /**
   * Disables these because their endpoint is gone. Joins the caller's transaction, which from here
   * on is synchronously committed; returns those that were active until now.
   */
  public static List<UUID> disableGone(Handle handle, Collection<UUID> ids) {
    return disable(handle, ids, "gone", Duration.ZERO);
  }

  /** Like {@link #disableGone}, for those that have been failing for longer than {@code limit}. */
  public static List<UUID> disableFailing(Handle handle, Collection<UUID> ids, Duration limit) {
    return disable(handle, ids, "failing", limit);
  }

  /** The event tells the tenant's other endpoints, and is committed with what it tells. */
  private static List<UUID> disable(
      Handle handle, Collection<UUID> ids, String reason, Duration failingFor) {
    handle.execute("set local synchronous_commit = on");
    return handle
        .createQuery(
            """
            with disabled as (
              update subscription set active = false, disabled_reason = :reason, disabled_at = now(), updated_at = now()
              where id = any(array(select id from subscription
                where id = any(:ids) and active
                  and (:reason = 'gone' or failing_since < now() - :limit_ms * interval '1 ms')
                order by id for update skip locked))
              returning *)
            select id, publish(tenant_id, 'subscription.disabled', id::text, (
              select row_to_json(told) from (select id as subscription_id, url, event, disabled_reason as reason,
                rfc3339(failing_since) as failing_since, rfc3339(disabled_at) as disabled_at) told), 'subscription')
            from disabled
            """)
        .bind("reason", reason)
        .bind("limit_ms", failingFor.toMillis())
        .bindArray("ids", UUID.class, ids)
        .mapTo(UUID.class)
        .list();
  }

  /**
   * Tells, once for each time of failing, that these are about to be disabled: a day before {@code
   * limit} is over, or half of the limit where that is later. Joins the caller's transaction.
   */
  public static void warnFailing(Handle handle, Collection<UUID> ids, Duration limit) {
    handle
        .createQuery(
            """
            with warned as (
              update subscription set failing_told_at = now()
              where id = any(array(select id from subscription
                where id = any(:ids) and active and failing_since < now() - :warn_ms * interval '1 ms'
                  and (failing_told_at is null or failing_told_at < failing_since)
                order by id for update skip locked))
              returning *)
            select publish(tenant_id, 'subscription.failing', id::text, (
              select row_to_json(told) from (select id as subscription_id, url, event,
                rfc3339(failing_since) as failing_since,
                rfc3339(failing_since + :limit_ms * interval '1 ms') as disabled_from) told), 'subscription')
            from warned
            """)
        .bind("warn_ms", warnAfter(limit).toMillis())
        .bind("limit_ms", limit.toMillis())
        .bindArray("ids", UUID.class, ids)
        .mapTo(UUID.class)
        .list();
  }

  /** How long a subscription may fail before {@link #warnFailing} tells of it. */
  public static Duration warnAfter(Duration limit) {
    Duration dayBefore = limit.minus(Duration.ofDays(1));
    Duration half = limit.dividedBy(2);
    return dayBefore.compareTo(half) > 0 ? dayBefore : half;
  }
}
