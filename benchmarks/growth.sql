-- How the tables behave as the logs grow: real rows, day by day, on an empty database that was migrated.
--   createdb growth && OUTBOX_DATABASE_URL=postgresql://postgres@localhost/growth ./outbox migrate
--   psql -d growth -v days=20 -v rows=500000 -v empty=180 -f benchmarks/growth.sql
-- Prints milliseconds (median and worst of 40) of what a worker, the API and upkeep do: with empty logs, and with
-- days x rows deliveries and as many events in them, and `empty` older days without rows; then what a million takes on disk, and how long it takes
-- to drop a day.
\set QUIET on
\pset footer off
set search_path = webhooks, public;
set client_min_messages = warning;

create temp table measured (phase text, step text, ms numeric);

create procedure pg_temp.measure(phase text) language plpgsql as $$
  declare
    tenant uuid := '00000000-0000-7000-8000-000000000007';
    subscription uuid := '00000000-0000-7000-8000-000000000007';
    started timestamptz;
    ids uuid[];
    n int;
  begin
    for i in 1..40 loop
      insert into delivery (event_id, subscription_id, tenant_id, event)
      select uuid_v7(), subscription, tenant, 'invoice.sent' from generate_series(1, 500);
      commit;

      started := clock_timestamp();
      with claimed as (
        update delivery set lease_until = now() + interval '25 s', lease_token = 1, claims = claims + 1
        where id = any(array(
          select id from delivery where subscription_id = subscription and lease_until is null
          order by id limit 500 for update skip locked))
        returning id)
      select array_agg(id) into ids from claimed;
      commit;
      insert into measured values (phase, 'claim 500 deliveries', 1000 * extract(epoch from clock_timestamp() - started));

      started := clock_timestamp();
      with finished as (delete from delivery where id = any(ids) and lease_token = 1 returning *)
      insert into delivery_log (id, event_id, subscription_id, tenant_id, event, url, status, attempts, http_status,
        duration_ms, history, created_at)
      select id, event_id, subscription_id, tenant_id, 'invoice.sent', 'https://receiver.example/hooks/7', 'delivered', 1, 200, 12,
        '[{"attempt":1,"at":"2026-02-14T15:30:45.123456Z","duration_ms":12,"http_status":200,"error":null,"response":"ok"}]', created_at
      from finished;
      commit;
      insert into measured values (phase, 'finish 500 deliveries', 1000 * extract(epoch from clock_timestamp() - started));

      started := clock_timestamp();
      perform * from delivery_log where tenant_id = tenant and status in ('delivered', 'failed') order by id desc limit 50;
      insert into measured values (phase, 'list 50 of a tenant', 1000 * extract(epoch from clock_timestamp() - started));

      started := clock_timestamp();
      perform * from delivery_log where tenant_id = tenant and status = 'failed' order by id desc limit 50;
      insert into measured values (phase, 'list 50 failed of a tenant', 1000 * extract(epoch from clock_timestamp() - started));

      started := clock_timestamp();
      perform * from delivery_log where id = ids[1];
      insert into measured values (phase, 'one delivery by id', 1000 * extract(epoch from clock_timestamp() - started));
      commit;
    end loop;
  end
$$;

create procedure pg_temp.fill(days int, per_day int) language plpgsql as $$
  declare
    day date;
    first timestamptz;
  begin
    for back in reverse days..1 loop
      day := (now() at time zone 'UTC')::date - back;
      first := day::timestamp at time zone 'UTC';
      -- Filled first and attached then: indexes that are built at once cost a fifth.
      execute format('create table event_log_%s (like event_log including defaults including constraints)', to_char(day, 'YYYYMMDD'));
      execute format('create table delivery_log_%s (like delivery_log including defaults including constraints)', to_char(day, 'YYYYMMDD'));
      execute format('create temp view events as select * from event_log_%s', to_char(day, 'YYYYMMDD'));
      execute format('create temp view deliveries as select * from delivery_log_%s', to_char(day, 'YYYYMMDD'));
      insert into events (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
      select pg_temp.id_at(first, n, per_day), pg_temp.spread(n), 'invoice.sent', 'invoice', 'inv-' || n,
        ('{"invoice_id":"inv-' || n || '","amount":"1500.00","currency":"EUR","note":"' || repeat('x', 130) || '"}')::json,
        first + n * interval '1 day' / per_day
      from generate_series(0, per_day - 1) n;
      insert into deliveries (id, event_id, subscription_id, tenant_id, event, resource_id, url, status, attempts,
        http_status, duration_ms, last_error, history, created_at, finished_at)
      select pg_temp.id_at(first, n, per_day), pg_temp.id_at(first, n, per_day), pg_temp.spread(n), pg_temp.spread(n), 'invoice.sent', 'inv-' || n,
        'https://receiver.example/hooks/' || n % 1000, case when n % 100 = 0 then 'failed' else 'delivered' end, 1,
        case when n % 100 = 0 then 500 else 200 end, 12, case when n % 100 = 0 then 'HTTP 500' end,
        '[{"attempt":1,"at":"2026-02-14T15:30:45.123456Z","duration_ms":12,"http_status":200,"error":null,"response":"ok"}]',
        first + n * interval '1 day' / per_day, first + n * interval '1 day' / per_day
      from generate_series(0, per_day - 1) n;
      drop view events;
      drop view deliveries;
      commit;
      execute format('alter table event_log attach partition event_log_%s for values from (%L) to (%L)',
        to_char(day, 'YYYYMMDD'), uuid_v7_at(first), uuid_v7_at(first + interval '1 day'));
      execute format('alter table delivery_log attach partition delivery_log_%s for values from (%L) to (%L)',
        to_char(day, 'YYYYMMDD'), uuid_v7_at(first), uuid_v7_at(first + interval '1 day'));
      commit;
    end loop;
  end
$$;

create function pg_temp.spread(n int) returns uuid language sql immutable as
  $$ select ('00000000-0000-7000-8000-' || lpad((n % 1000)::text, 12, '0'))::uuid $$;
create function pg_temp.id_at(first timestamptz, n int, per_day int) returns uuid language sql immutable as
  $$ select overlay(webhooks.uuid_v7_at(first + n * interval '1 day' / per_day)::text placing
       '7000-8000-' || lpad(to_hex(n), 12, '0') from 15)::uuid $$;

call pg_temp.measure('1 empty');
call pg_temp.fill(:days, :rows);
select add_log_partition(log, (now() at time zone 'UTC')::date - :days - back)
from unnest(array['event_log', 'delivery_log']) log, generate_series(1, :empty) back \g /dev/null
vacuum analyze webhooks.event_log, webhooks.delivery_log;
checkpoint;
call pg_temp.measure('2 full');

\echo
\echo 'Milliseconds, 40 runs of each:'
select step,
  round(percentile_cont(0.5) within group (order by ms) filter (where phase = '1 empty')::numeric, 2) as empty_median,
  round(max(ms) filter (where phase = '1 empty'), 2) as empty_worst,
  round(percentile_cont(0.5) within group (order by ms) filter (where phase = '2 full')::numeric, 2) as full_median,
  round(max(ms) filter (where phase = '2 full'), 2) as full_worst
from measured group by step order by step;

\echo 'Disk for a million:'
select parent, pg_size_pretty(1000000 * sum(data) / (:days * :rows)) as data, pg_size_pretty(1000000 * sum(indexes) / (:days * :rows)) as indexes
from (
  select i.inhparent::regclass as parent, pg_table_size(i.inhrelid) as data, pg_indexes_size(i.inhrelid) as indexes
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent in ('event_log'::regclass, 'delivery_log'::regclass)
    and right(c.relname, 8) < to_char(now() at time zone 'UTC', 'YYYYMMDD')) parts
group by parent order by parent;

\echo 'Dropping the oldest day of each log:'
\timing on
select drop_log_partition('delivery_log', 'delivery_log_' || to_char((now() at time zone 'UTC')::date - :days, 'YYYYMMDD'));
select drop_log_partition('event_log', 'event_log_' || to_char((now() at time zone 'UTC')::date - :days, 'YYYYMMDD'));
\timing off
