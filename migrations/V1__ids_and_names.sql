-- Everything lives in the schema "webhooks": two hot tables that stay small (outbox, delivery), logs that are
-- partitioned by time and dropped by retention (event_log, delivery_log), and configuration. docs/architecture.md says
-- why the data model is so, with figures.
--
--   V1  ids and names     what every table is made of
--   V2  deliveries        the hot tables: from the outbox to the last attempt
--   V3  logs              what became of events and deliveries, a partition a day; counts of it
--   V4  subscriptions     who wants what; tokens, replays
--   V5  publish           how applications publish
--   V6  audit             who changed what
--   V7  tenants           row level security, also for the logs' first days
--   V8  roles             who may do what
--
-- A later migration adds, and takes nothing away that the release before it uses. One that makes a table with a
-- tenant_id isolates it (V7), and one that makes a table or function ends with: select webhooks.grant_roles();

-- Ids are UUID v7 (RFC 9562): 48 bits of milliseconds, then 12 bits of the millisecond's fraction, then random bits.
-- They sort by time and are unique across databases. PostgreSQL 18 makes them itself.
do $$
begin
  if exists (select from pg_catalog.pg_proc where proname = 'uuidv7' and pronamespace = 'pg_catalog'::regnamespace) then
    create function webhooks.uuid_v7() returns uuid language sql volatile parallel safe
      as 'select pg_catalog.uuidv7()';
  else
    create function webhooks.uuid_v7() returns uuid language sql volatile parallel safe as $sql$
      select encode(
        overlay(uuid_send(gen_random_uuid())
          placing substring(int8send(micros / 1000) from 3 for 6)
            || substring(int4send((x'7000'::int | ((micros % 1000) * 4096 / 1000)::int)) from 3 for 2)
          from 1 for 8), 'hex')::uuid
      from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as micros) clock
    $sql$;
  end if;
end $$;

create function webhooks.uuid_v7_at(at timestamptz) returns uuid
  language sql immutable strict parallel safe
  as $$
    select (encode(substring(int8send(floor(extract(epoch from at) * 1000)::bigint) from 3 for 6), 'hex')
      || repeat('0', 20))::uuid
  $$;
comment on function webhooks.uuid_v7_at is 'the smallest id that an event or delivery made at this time can have';

create function webhooks.patterns_matching(event text) returns text[]
  language sql immutable strict parallel safe
  as $$
    select array['*', event] || coalesce(
      (select array_agg(array_to_string(words[1:n], '.') || '.*')
       from generate_series(1, cardinality(words) - 1) n), '{}')
    from (select string_to_array(event, '.') as words) name
  $$;
comment on function webhooks.patterns_matching is
  'what a subscription may say to get this event: invoice.line.added is matched by *, invoice.*, invoice.line.* and its own name';

create function webhooks.rfc3339(at timestamptz) returns text
  language sql stable strict parallel safe
  as $$ select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;
