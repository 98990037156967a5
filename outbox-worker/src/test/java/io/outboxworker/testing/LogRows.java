package io.outboxworker.testing;

import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/**
 * Fills the logs as a month of traffic would: 30 days of partitions, two deliveries for each event,
 * 100 tenants of which the first has half of everything, its subscription 0 getting every event,
 * one delivery in 97 failed, one rare event, one resource that is in every fiftieth event of it.
 */
public final class LogRows {
  public static final UUID TENANT = tenant(0);
  public static final UUID EVERYTHING = subscription(0, 0);
  public static final String RARE_EVENT = "error.occurred";
  public static final String HOT_RESOURCE = "hot";

  private static final int CHUNK = 500_000;

  private LogRows() {}

  public static UUID tenant(int number) {
    return UUID.fromString("00000000-0000-4000-8000-%012d".formatted(number));
  }

  public static UUID subscription(int tenant, int number) {
    return UUID.fromString("%08d-0000-4000-9000-%012d".formatted(tenant, number));
  }

  /** Rounded down to whole events. */
  static void fill(Jdbi jdbi, int deliveries) {
    jdbi.useHandle(handle -> {
      handle.execute("set search_path = webhooks");
      handle.execute(
          """
          create function id_at(at timestamptz, n bigint) returns uuid language sql immutable as $$
            select (encode(substring(int8send(floor(extract(epoch from at) * 1000)::bigint) from 3 for 6), 'hex')
              || '7' || lpad(to_hex(n & 4095), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid $$
          """);
      handle.execute(
          """
          select add_log_partition(log, (now() at time zone 'UTC')::date - back)
          from unnest(array['event_log', 'delivery_log']) log, generate_series(1, 30) back
          """);
      handle.execute(
          """
          insert into subscription (id, tenant_id, url, event)
          select (lpad(t::text, 8, '0') || '-0000-4000-9000-' || lpad(s::text, 12, '0'))::uuid,
            ('00000000-0000-4000-8000-' || lpad(t::text, 12, '0'))::uuid,
            'https://hooks.example.com/' || t || '/' || s, case when s = 0 then '*' else 'invoice.created' end
          from generate_series(0, 99) t, generate_series(0, case when t = 0 then 199 else 19 end) s
          """);
    });
    int events = deliveries / 2;
    for (int from = 0; from < events; from += CHUNK) {
      int first = from;
      jdbi.useHandle(handle -> {
        handle.execute("set search_path = webhooks");
        handle.execute("set statement_timeout = 0");
        handle.execute(FILL, events, first, Math.min(first + CHUNK, events) - 1, CHUNK);
      });
    }
    for (String table : new String[] {"delivery_log", "event_log", "subscription"}) {
      jdbi.useHandle(handle -> handle.execute("vacuum (analyze) webhooks." + table));
    }
  }

  private static final String FILL =
      """
      with e as materialized (
        select n, id_at(at, n) as id, at, tn, event, resource,
          ('00000000-0000-4000-8000-' || lpad(tn::text, 12, '0'))::uuid as tenant_id
        from (
          select n, now() - interval '29 days' * (1 - n::float8 / ?) as at,
            case when n % 2 = 0 then 0 else 1 + (n / 2) % 99 end as tn,
            case when n % 10007 = 0 then 'error.occurred' else (array['invoice.created', 'invoice.sent',
              'payment.received', 'customer.updated', 'sales_order.created', 'inventory.updated', 'document.updated',
              'invoice.authorized'])[1 + (n / 2) % 8] end as event,
            case when n % 100 = 0 then 'hot' else 'res-' || (n * 7919) % 1000000 end as resource
          from generate_series(?::bigint, ?::bigint) n limit ?) numbered),
      logged as (
        insert into event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
        select id, tenant_id, event, split_part(event, '.', 1), resource,
          '{"amount":"1500.00","currency":"EUR","number":"2026-000123","status":"sent"}', at
        from e)
      insert into delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status, attempts,
        http_status, duration_ms, last_error, history, created_at, finished_at)
      select id_at(at + interval '20 ms', n * 2 + k), id,
        (lpad(tn::text, 8, '0') || '-0000-4000-9000-' || lpad(sn::text, 12, '0'))::uuid, tenant_id, event, resource,
        'https://hooks.example.com/' || tn || '/' || sn, case when failed then 'failed' else 'delivered' end,
        case when failed then 4 else 1 end, case when failed then 500 else 200 end, 12,
        case when failed then 'HTTP 500' end,
        '[{"attempt":1,"at":"2026-11-24T06:00:00.000000Z","duration_ms":12,"http_status":200,"error":null,"response":"ok"}]',
        at, at + interval '50 ms'
      from (
        select e.*, k, n % 97 = 0 as failed, case when k = 0 then 0
          when tn = 0 then 1 + (n / 2) % 199 else 1 + (n / 200) % 19 end as sn
        from e, generate_series(0, 1) k) d
      """;
}
