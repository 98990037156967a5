-- What each index of webhooks.delivery_log costs the insert that ends a delivery: time and WAL for each row, with a growing set of
-- indexes. Works in a schema of its own in any migrated database, takes about a minute, and drops what it made:
--
--   psql -X -q "$OUTBOX_DATABASE_URL" -f benchmarks/index-cost.sql
--
-- A partition of 300,000 rows gets 100,000 more in batches of 500: 100 tenants, 1,000 subscriptions and 8 events in random order, one in 50
-- failed. The time is that of one backend in one transaction, with nothing to wait for: its CPU.

\set ON_ERROR_STOP on
set synchronous_commit = off;
set client_min_messages = warning;
set jit = off;
set check_function_bodies = off; -- the table comes later
drop schema if exists index_cost cascade;
create schema index_cost;

create table index_cost.finished as
select n, webhooks.uuid_v7_at(now() - interval '12 hours' + n * interval '100 ms') as id, gen_random_uuid() as event_id,
  ('00000000-0000-4000-9000-' || lpad((s.number * 100 + t.number)::text, 12, '0'))::uuid as subscription_id,
  ('00000000-0000-4000-8000-' || lpad(t.number::text, 12, '0'))::uuid as tenant_id,
  (array['invoice.created', 'invoice.sent', 'payment.received', 'customer.updated', 'sales_order.created', 'inventory.updated',
    'document.updated', 'invoice.authorized'])[1 + (random() * 7)::int] as event,
  'res-' || (random() * 100000)::int as resource_id, case when n % 50 = 0 then 'failed' else 'delivered' end as status,
  now() - interval '12 hours' + n * interval '100 ms' as at
from generate_series(1, 400000) n, lateral (select (random() * 99)::int + 0 * n as number) t, lateral (select (random() * 9)::int + 0 * n as number) s;
create index on index_cost.finished (n);
analyze index_cost.finished;

create table index_cost.result (step int, indexes text, microseconds numeric, wal_bytes numeric);

create procedure index_cost.add(first_n int, last_n int) language sql as $$
  insert into index_cost.log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status, attempts, http_status,
    duration_ms, last_error, history, created_at, finished_at)
  select id, event_id, subscription_id, tenant_id, event, resource_id, 'https://hooks.example.com/' || subscription_id, status, 1,
    case status when 'failed' then 500 else 200 end, 12, case status when 'failed' then 'HTTP 500' end,
    '[{"attempt":1,"at":"2026-11-24T06:00:00.000000Z","duration_ms":12,"http_status":200,"error":null,"response":"ok"}]', at, at
  from index_cost.finished where n between first_n and last_n $$;

create procedure index_cost.measure(step int, described text, definitions text[]) language plpgsql as $$
declare
  definition text;
  began timestamptz;
  wal pg_lsn;
begin
  create table index_cost.log (like webhooks.delivery_log including defaults, primary key (id));
  call index_cost.add(1, 300000);
  foreach definition in array definitions loop
    execute 'create index on index_cost.log ' || definition;
  end loop;
  analyze index_cost.log;
  commit;
  began := clock_timestamp();
  wal := pg_current_wal_insert_lsn();
  for batch in 0..199 loop
    call index_cost.add(300001 + batch * 500, 300500 + batch * 500);
  end loop;
  insert into index_cost.result
  values (step, described, round((extract(epoch from clock_timestamp() - began) * 10)::numeric, 1),
    round((pg_current_wal_insert_lsn() - wal) / 100000));
  drop table index_cost.log;
  commit;
end $$;

call index_cost.measure(1, 'key alone', '{}');
call index_cost.measure(2, '(tenant_id, status, id)', '{"(tenant_id, status, id)"}');
call index_cost.measure(3, 'and (subscription_id, status, id)', '{"(tenant_id, status, id)", "(subscription_id, status, id)"}');
call index_cost.measure(4, 'and (tenant_id, event, status, id)',
  '{"(tenant_id, status, id)", "(subscription_id, status, id)", "(tenant_id, event, status, id)"}');
call index_cost.measure(5, 'and (tenant_id, resource_id, status, id)',
  '{"(tenant_id, status, id)", "(subscription_id, status, id)", "(tenant_id, event, status, id)",
    "(tenant_id, (resource_id::name::text collate \"C\"), status, id)"}');
call index_cost.measure(6, 'and BRIN (finished_at): what there is',
  '{"(tenant_id, status, id)", "(subscription_id, status, id)", "(tenant_id, event, status, id)",
    "(tenant_id, (resource_id::name::text collate \"C\"), status, id)", "using brin (finished_at) with (autosummarize = on)"}');
call index_cost.measure(7, 'and (event_id), and a B-tree on finished_at instead',
  '{"(tenant_id, status, id)", "(subscription_id, status, id)", "(tenant_id, event, status, id)",
    "(tenant_id, (resource_id::name::text collate \"C\"), status, id)", "(finished_at)", "(event_id)"}');

select indexes, microseconds as "µs a row", wal_bytes as "WAL bytes a row" from index_cost.result order by step;
drop schema index_cost cascade;
