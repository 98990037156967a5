-- Everything lives in the schema "webhooks": two hot tables that stay small (outbox, delivery), logs that are
-- partitioned by time and dropped by retention (event_log, delivery_log), and configuration.
-- docs/architecture.md says why the data model is so, with figures.

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

-- Hot: events wait here until they have become deliveries. A constraint's name says what to fix.
create table webhooks.outbox (
  id            uuid        not null default webhooks.uuid_v7(),
  tenant_id     uuid        not null,
  event         text        not null collate "C",
  resource_type text        collate "C",
  resource_id   text        not null,
  data          json        not null,
  traceparent   text        collate "C",
  occurred_at   timestamptz not null default now(),
  constraint outbox_pkey primary key (id),
  constraint id_must_be_a_uuid_version_7 check (get_byte(uuid_send(id), 6) >> 4 = 7),
  constraint event_must_be_a_dotted_name_of_at_most_100_characters
    check (length(event) <= 100 and event ~ '^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$'),
  constraint resource_type_must_have_1_to_100_characters check (length(resource_type) between 1 and 100),
  constraint resource_id_must_have_1_to_1000_characters check (length(resource_id) between 1 and 1000),
  constraint data_must_be_a_json_object check (json_typeof(data) = 'object'),
  constraint data_must_have_at_most_262144_bytes check (octet_length(data::text) <= 262144),
  constraint traceparent_must_be_a_w3c_trace_context
    check (traceparent ~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'),
  constraint occurred_at_must_be_a_time_between_the_years_1_and_9999
    check (occurred_at >= '0001-01-01T00:00:00Z' and occurred_at < '10000-01-01T00:00:00Z')
) with (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000
);

-- Hot: deliveries that are not final. One row is in one of three states:
--   in flight            lease_until in the future, next_attempt_at null
--   waiting for a retry  next_attempt_at due, lease_until ten seconds after it
--   parked               both null: any worker may claim it
create table webhooks.delivery (
  id              uuid        not null default webhooks.uuid_v7(),
  event_id        uuid        not null,
  subscription_id uuid        not null,
  tenant_id       uuid        not null,
  attempts        int         not null default 0,
  claims          int         not null default 0,
  lease_until     timestamptz,
  lease_token     bigint,
  next_attempt_at timestamptz,
  ordered         boolean     not null default false,
  history         json,
  replay_of       uuid,
  created_at      timestamptz not null default now(),
  constraint delivery_pkey primary key (id)
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000
);
create index delivery_parked on webhooks.delivery (subscription_id, id) where lease_until is null;
create index delivery_replay_of on webhooks.delivery (replay_of) where replay_of is not null;
create index delivery_ordered on webhooks.delivery (subscription_id, event_id) where ordered;
create index delivery_suspects on webhooks.delivery (id) where lease_until is null and claims - attempts >= 2;
create unique index delivery_one_ordered_at_a_time on webhooks.delivery (subscription_id)
  where ordered and lease_until is not null;

-- Logs, partitioned by range of id, which is a range of time.
create table webhooks.event_log (
  id            uuid        not null,
  tenant_id     uuid        not null,
  event         text        not null collate "C",
  resource_type text        not null collate "C",
  resource_id   text        not null,
  data          json        not null,
  traceparent   text        collate "C",
  occurred_at   timestamptz not null,
  constraint event_log_pkey primary key (id)
) partition by range (id);

create table webhooks.delivery_log (
  id              uuid        not null,
  event_id        uuid        not null,
  subscription_id uuid        not null,
  tenant_id       uuid        not null,
  event           text        not null collate "C",
  url             text        not null,
  status          text        not null collate "C",
  attempts        int         not null,
  http_status     int,
  duration_ms     int,
  last_error      text,
  history         json,
  replay_of       uuid,
  created_at      timestamptz not null,
  finished_at     timestamptz not null default now(),
  constraint delivery_log_pkey primary key (id),
  constraint status_must_be_delivered_or_failed check (status in ('delivered', 'failed'))
) partition by range (id);
create index delivery_log_tenant on webhooks.delivery_log (tenant_id, id);
create index delivery_log_failed on webhooks.delivery_log (tenant_id, id) where status = 'failed';
create index delivery_log_replay_of on webhooks.delivery_log (replay_of) where replay_of is not null;

create table webhooks.event_log_default partition of webhooks.event_log default;
create table webhooks.delivery_log_default partition of webhooks.delivery_log default;

-- One partition a day. Rows that the default partition took meanwhile move over in the transaction that attaches it.
create function webhooks.add_log_partition(log text, day date) returns text
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    declare
      name text := format('%s_%s', log, to_char(day, 'YYYYMMDD'));
      first_id uuid := uuid_v7_at(day::timestamp at time zone 'UTC');
      end_id uuid := uuid_v7_at((day + 1)::timestamp at time zone 'UTC');
    begin
      if log not in ('event_log', 'delivery_log') then
        raise exception 'no such log: %', log using hint = 'event_log or delivery_log';
      end if;
      if to_regclass(format('webhooks.%I', name)) is not null then
        return null;
      end if;
      execute format('create table %I (like %I including all)', name, log);
      execute format('with moved as (delete from %I where id >= %L and id < %L returning *) insert into %I select * from moved',
        log || '_default', first_id, end_id, name);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', log, name, first_id, end_id);
      return name;
    exception
      when duplicate_table then
        return null;
    end
  $$;
comment on function webhooks.add_log_partition is 'makes the partition of one UTC day; null where it is there already';

create function webhooks.drop_log_partition(log text, name text) returns boolean
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    declare
      day date;
      busy boolean;
    begin
      if log not in ('event_log', 'delivery_log') or name !~ ('^' || log || '_[0-9]{8}$') then
        raise exception 'not a partition of a log: %', name;
      end if;
      day := to_date(right(name, 8), 'YYYYMMDD');
      -- In the order in which statements lock them: the log, then its partition.
      execute format('lock table only %I in access exclusive mode', log);
      if log = 'event_log' then
        execute format('lock table %I in access exclusive mode', name);
        select exists (select from delivery
          where event_id >= uuid_v7_at(day::timestamp at time zone 'UTC')
            and event_id < uuid_v7_at((day + 1)::timestamp at time zone 'UTC')) into busy;
        if busy then
          return false;
        end if;
      end if;
      execute format('drop table %I', name);
      return true;
    end
  $$;
comment on function webhooks.drop_log_partition is
  'drops one day of a log; false, and nothing dropped, while a delivery that is not final still needs an event of that day';

select webhooks.add_log_partition(log, (now() at time zone 'UTC')::date + ahead)
from unnest(array['event_log', 'delivery_log']) log, generate_series(0, 2) ahead;

-- Configuration.
create table webhooks.subscription (
  id               uuid        not null default webhooks.uuid_v7(),
  tenant_id        uuid        not null,
  url              text        not null,
  event            text        not null collate "C",
  active           boolean     not null default true,
  description      text,
  headers          json        not null default '{}',
  retry_delays_ms  bigint[],
  timeout_ms       int,
  max_in_flight    int,
  max_per_second   int,
  ordered          boolean     not null default false,
  signature        text        not null default 'hmac-sha256',
  secret           bytea,
  previous_secret  bytea,
  previous_secret_until timestamptz,
  failing_since    timestamptz,
  inactive_since   timestamptz,
  disabled_reason  text,
  disabled_at      timestamptz,
  deleted_at       timestamptz,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  constraint subscription_pkey primary key (id),
  constraint url_must_have_at_most_2048_characters check (length(url) <= 2048),
  constraint event_must_be_a_name_or_a_group_like_invoice_star_or_star
    check (event = '*' or (length(event) <= 102 and event ~ '^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.([A-Za-z0-9_-]+|\*)$')),
  constraint headers_must_be_a_json_object check (json_typeof(headers) = 'object'),
  constraint retry_delays_ms_must_be_1_to_2592000000 check (1 <= all (retry_delays_ms)
    and 2592000000 >= all (retry_delays_ms) and array_position(retry_delays_ms, null) is null),
  constraint timeout_ms_must_be_1_to_30000 check (timeout_ms between 1 and 30000),
  constraint max_in_flight_must_be_1_to_1000 check (max_in_flight between 1 and 1000),
  constraint max_per_second_must_be_1_to_100000 check (max_per_second between 1 and 100000),
  constraint a_deleted_subscription_must_be_inactive check (deleted_at is null or not active)
) with (
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 100
);
create index subscription_match on webhooks.subscription (tenant_id, event) where active;
create index subscription_tenant on webhooks.subscription (tenant_id, id) where deleted_at is null;
create index subscription_inactive on webhooks.subscription (inactive_since) where not active;

-- Set by a trigger, so that a row that somebody switches off by hand is seen as well.
create function webhooks.note_inactive_since() returns trigger
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    begin
      new.inactive_since := case when not new.active then clock_timestamp() end;
      return new;
    end
  $$;
create trigger subscription_inactive_since before update of active on webhooks.subscription
  for each row when (old.active is distinct from new.active) execute function webhooks.note_inactive_since();

create table webhooks.api_token (
  id           uuid        not null default webhooks.uuid_v7(),
  tenant_id    uuid        not null,
  name         text,
  hash         bytea       not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  last_used_at timestamptz,
  revoked_at   timestamptz,
  constraint api_token_pkey primary key (id),
  constraint api_token_hash_unique unique (hash),
  constraint hash_must_be_a_sha_256 check (octet_length(hash) = 32)
);
create index api_token_tenant on webhooks.api_token (tenant_id, id);

create table webhooks.audit_log (
  id        uuid        not null default webhooks.uuid_v7(),
  tenant_id uuid        not null,
  at        timestamptz not null default now(),
  actor     text        not null,
  action    text        not null,
  subject   text,
  details   json,
  constraint audit_log_pkey primary key (id)
);
create index audit_log_tenant on webhooks.audit_log (tenant_id, id);

create table webhooks.idempotency_key (
  tenant_id  uuid        not null,
  key        text        not null,
  body_hash  bytea       not null,
  event_id   uuid        not null,
  created_at timestamptz not null default now(),
  constraint idempotency_key_pkey primary key (tenant_id, key)
);
create index idempotency_key_created_at on webhooks.idempotency_key (created_at);

create table webhooks.replay (
  id              uuid        not null default webhooks.uuid_v7(),
  tenant_id       uuid        not null,
  subscription_id uuid,
  since           timestamptz not null,
  until           timestamptz not null,
  status          text        not null,
  event           text        collate "C",
  again           boolean     not null default false,
  total           bigint      not null,
  replayed        bigint      not null default 0,
  last_id         uuid,
  created_at      timestamptz not null default now(),
  finished_at     timestamptz,
  constraint replay_pkey primary key (id),
  constraint status_must_be_failed_delivered_all_or_missed check (status in ('failed', 'delivered', 'all', 'missed'))
);
create index replay_tenant on webhooks.replay (tenant_id, id);
create index replay_unfinished on webhooks.replay (id) where finished_at is null;

-- db-scheduler's own table: the durable timer of retries. Small by design, so its settings are those of a hot table.
create table webhooks.scheduled_tasks (
  task_name            text        not null,
  task_instance        text        not null,
  task_data            bytea,
  execution_time       timestamptz not null,
  picked               boolean     not null,
  picked_by            text,
  last_success         timestamptz,
  last_failure         timestamptz,
  consecutive_failures int,
  last_heartbeat       timestamptz,
  version              bigint      not null,
  priority             smallint,
  constraint scheduled_tasks_pkey primary key (task_name, task_instance)
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000
);
create index scheduled_tasks_execution_time on webhooks.scheduled_tasks (execution_time);
create index scheduled_tasks_last_heartbeat on webhooks.scheduled_tasks (last_heartbeat);
