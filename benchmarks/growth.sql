-- How the tables behave as the logs grow: real rows, day by day, on an empty database that was migrated.
--   createdb growth && OUTBOX_DATABASE_URL=postgresql://postgres@localhost/growth ./outbox migrate
--   psql -d growth -v days=30 -v rows=700000 -v fan_out=5 -f benchmarks/growth.sql
-- Each day gets that many deliveries, and an event for every `fan_out` of them. Prints milliseconds (median and worst of 40) of
-- what a worker, the API and upkeep do: with empty logs, after one day, after a tenth of the days and after all of them; then
-- what a million takes on disk, and how long it takes to drop a day. With wal_level = minimal the filling takes half as long.
\set QUIET on
\pset footer off
set search_path = webhooks, public;
set client_min_messages = warning;

create temp table measured (phase text, step text, ms numeric);

-- As DeliveryList reads it: the newest day by itself, then the 8 and the 64 days before, then the rest; planned each time.
create function pg_temp.page(tenant uuid, statuses text[]) returns int language plpgsql as $$
  declare
    newest uuid := uuid_v7_at(now() + interval '1 day');
    oldest uuid;
    days int;
    found int := 0;
    got int;
    statement text;
  begin
    select 'select from (' || string_agg(format(
      '(select * from delivery_log where tenant_id = $1 and status = %L and id >= $2 and id < $3 order by id desc limit 50)', status),
      ' union all ') || ') pages order by id desc limit $4'
    into statement from unnest(statuses) status;
    foreach days in array array[1, 9, 73, null] loop
      oldest := coalesce(uuid_v7_at(now() - days * interval '1 day'), '00000000-0000-0000-0000-000000000000');
      execute statement using tenant, oldest, newest, 50 - found;
      get diagnostics got = row_count;
      found := found + got;
      exit when found = 50;
      newest := oldest;
    end loop;
    return found;
  end
$$;

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
      perform pg_temp.page(tenant, array['delivered', 'failed']);
      insert into measured values (phase, 'page of 50', 1000 * extract(epoch from clock_timestamp() - started));

      started := clock_timestamp();
      perform pg_temp.page(tenant, array['failed']);
      insert into measured values (phase, 'page of 50 failed', 1000 * extract(epoch from clock_timestamp() - started));

      started := clock_timestamp();
      perform pg_temp.page('00000000-0000-7000-8000-00000000ffff', array['failed']);
      insert into measured values (phase, 'page of a tenant without any', 1000 * extract(epoch from clock_timestamp() - started));

      started := clock_timestamp();
      perform * from delivery_log where id = ids[1];
      insert into measured values (phase, 'one delivery by id', 1000 * extract(epoch from clock_timestamp() - started));
      commit;
    end loop;
  end
$$;

create procedure pg_temp.fill(first_back int, last_back int, per_day int, fan_out int) language plpgsql as $$
  declare
    day date;
    first timestamptz;
    events text;
    deliveries text;
  begin
    for back in first_back..last_back loop
      day := (now() at time zone 'UTC')::date - back;
      first := day::timestamp at time zone 'UTC';
      events := 'event_log_' || to_char(day, 'YYYYMMDD');
      deliveries := 'delivery_log_' || to_char(day, 'YYYYMMDD');
      -- Filled first and attached then: indexes that are built at once cost a fifth.
      execute format('create table %I (like event_log including defaults including constraints)', events);
      execute format('create table %I (like delivery_log including defaults including constraints)', deliveries);
      execute format($sql$
        insert into %I (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
        select pg_temp.id_at($1, n, $2), pg_temp.spread(n), 'invoice.sent', 'invoice', 'inv-' || n,
          ('{"invoice_id":"inv-' || n || '","amount":"1500.00","currency":"EUR","note":"' || repeat('x', 130) || '"}')::json,
          $1 + n * interval '1 day' / $2
        from generate_series(0, $2 - 1, $3) n $sql$, events) using first, per_day, fan_out;
      -- A twentieth of each tenant's deliveries failed.
      execute format($sql$
        insert into %I (id, event_id, subscription_id, tenant_id, event, resource_id, url, status, attempts,
          http_status, duration_ms, last_error, history, created_at, finished_at)
        select pg_temp.id_at($1, n, $2), pg_temp.id_at($1, n - n %% $3, $2), pg_temp.spread(n), pg_temp.spread(n), 'invoice.sent',
          'inv-' || n, 'https://receiver.example/hooks/' || n %% 1000, case when failed then 'failed' else 'delivered' end, 1,
          case when failed then 500 else 200 end, 12, case when failed then 'HTTP 500' end,
          '[{"attempt":1,"at":"2026-02-14T15:30:45.123456Z","duration_ms":12,"http_status":200,"error":null,"response":"ok"}]', at, at
        from generate_series(0, $2 - 1) n, lateral (select n / 1000 %% 20 = 7 as failed, $1 + n * interval '1 day' / $2 as at) of_it
        $sql$, deliveries) using first, per_day, fan_out;
      commit;
      execute format('alter table event_log attach partition %I for values from (%L) to (%L)',
        events, uuid_v7_at(first), uuid_v7_at(first + interval '1 day'));
      execute format('alter table delivery_log attach partition %I for values from (%L) to (%L)',
        deliveries, uuid_v7_at(first), uuid_v7_at(first + interval '1 day'));
      commit;
    end loop;
  end
$$;

create function pg_temp.spread(n int) returns uuid language sql immutable as
  $$ select ('00000000-0000-7000-8000-' || lpad((n % 1000)::text, 12, '0'))::uuid $$;
create function pg_temp.id_at(first timestamptz, n int, per_day int) returns uuid language sql immutable as
  $$ select overlay(webhooks.uuid_v7_at(first + n * interval '1 day' / per_day)::text placing
       '7000-8000-' || lpad(to_hex(n), 12, '0') from 15)::uuid $$;

call pg_temp.measure('1');
call pg_temp.fill(1, 1, :rows, :fan_out);
vacuum analyze webhooks.event_log, webhooks.delivery_log;
call pg_temp.measure('2');
call pg_temp.fill(2, greatest(:days / 10, 1), :rows, :fan_out);
vacuum analyze webhooks.event_log, webhooks.delivery_log;
call pg_temp.measure('3');
call pg_temp.fill(greatest(:days / 10, 1) + 1, :days, :rows, :fan_out);
vacuum analyze webhooks.event_log, webhooks.delivery_log;
checkpoint;
call pg_temp.measure('4');

\echo
\echo 'Milliseconds, median and worst of 40: with empty logs, after one day, a tenth of the days, all days'
select step, max(shown) filter (where phase = '1') as empty, max(shown) filter (where phase = '2') as one_day,
  max(shown) filter (where phase = '3') as a_tenth, max(shown) filter (where phase = '4') as all_days
from (
  select step, phase, round(percentile_cont(0.5) within group (order by ms)::numeric, 2) || ' ' || round(max(ms), 2) as shown
  from measured group by step, phase) each
group by step order by step;

\echo 'Disk for a million:'
select parent, sum(rows)::bigint as rows, pg_size_pretty(1000000 * sum(data) / sum(rows)::bigint) as data,
  pg_size_pretty(1000000 * sum(indexes) / sum(rows)::bigint) as indexes, pg_size_pretty(sum(data + indexes)) as all
from (
  select i.inhparent::regclass as parent, c.reltuples as rows, pg_table_size(i.inhrelid) as data, pg_indexes_size(i.inhrelid) as indexes
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent in ('event_log'::regclass, 'delivery_log'::regclass)
    and right(c.relname, 8) < to_char(now() at time zone 'UTC', 'YYYYMMDD')) parts
group by parent order by parent;

\echo 'Dropping the oldest day of each log:'
\timing on
select drop_log_partition('delivery_log', 'delivery_log_' || to_char((now() at time zone 'UTC')::date - :days, 'YYYYMMDD'));
select drop_log_partition('event_log', 'event_log_' || to_char((now() at time zone 'UTC')::date - :days, 'YYYYMMDD'));
\timing off
