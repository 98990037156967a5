package io.outboxworker.browser;

/**
 * Statements that put each of {@code :texts} into all fields of a row of its own, and return the
 * ids in the same order.
 */
final class HostileRows {
  /** The last id that {@link #SUBSCRIPTIONS} gave to the text with this number. */
  private static final String SUBSCRIPTION =
      "('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid";

  /** Disabled ones; the first has all texts as its headers. */
  static final String SUBSCRIPTIONS =
      """
      with texts as (select * from unnest(:texts) with ordinality as t(text, n)),
      added as (
        insert into webhooks.subscription (id, tenant_id, url, event, description, headers, active, disabled_reason,
          disabled_at)
        select %1$s, :tenant, text, 'x.y', text,
          case when n = 1 then (select json_object_agg(text, text) from texts) else json_build_object(text, text) end,
          false, text, now()
        from texts)
      select %1$s::text from texts order by n
      """
          .formatted(SUBSCRIPTION);

  /** Failed ones of those subscriptions, and their events. */
  static final String DELIVERIES =
      """
      with texts as materialized (
        select text, n, webhooks.uuid_v7() as id from unnest(:texts) with ordinality as t(text, n)),
      events as (
        insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
        select id, :tenant, text, text, text, json_build_object(text, text), now() from texts),
      added as (
        insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status,
          attempts, http_status, duration_ms, last_error, history, created_at, finished_at)
        select id, id, %s, :tenant, text, text, text, 'failed', 1, 500, 12, text,
          json_build_array(json_build_object('attempt', 1, 'at', '2026-01-02T03:04:05.000006Z', 'duration_ms', 12,
            'http_status', 500, 'error', text, 'response', text)), now(), now()
        from texts)
      select id::text from texts order by n
      """
          .formatted(SUBSCRIPTION);

  static final String REPLAYS =
      """
      insert into webhooks.replay (tenant_id, subscription_id, since, until, status, event, total, finished_at)
      select :tenant, %s, now(), now(), 'failed', text, 1, now() from unnest(:texts) with ordinality as t(text, n) order by n
      returning id::text
      """
          .formatted(SUBSCRIPTION);

  static final String AUDIT =
      """
      insert into webhooks.audit_log (tenant_id, actor, action, subject, details)
      select :tenant, text, text, text, json_build_object(text, text) from unnest(:texts) text
      returning id::text
      """;

  private HostileRows() {}
}
