-- Hot: events wait here until they have become deliveries.
create table webhooks.outbox (
  id            uuid        not null default webhooks.uuid_v7(),
  tenant_id     uuid        not null,
  event         text        not null collate "C",
  resource_type text        collate "C",
  resource_id   text        not null,
  data          json        not null,
  traceparent   text        collate "C",
  occurred_at   timestamptz not null default now(),
  constraint outbox_pkey primary key (id)
) with (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000
);

-- Refuses nonsense in the producer's own transaction, as check constraints would, under a name that says what to fix.
-- PostgreSQL reads, plans and compiles every check constraint again for each statement, and eight of them cost more than
-- the rest of the INSERT; a trigger's expression is compiled once for each connection.
create function webhooks.check_event() returns trigger language plpgsql set search_path = webhooks, pg_temp as $$
declare
  violated text := concat_ws(', ',
    case when not json_typeof(new.data) = 'object' then 'data_must_be_a_json_object' end,
    case when not octet_length(new.data::text) <= 262144 then 'data_must_have_at_most_262144_bytes' end,
    case when not (length(new.event) <= 100 and new.event ~ '^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$')
      then 'event_must_be_a_dotted_name_of_at_most_100_characters' end,
    case when not get_byte(uuid_send(new.id), 6) >> 4 = 7 then 'id_must_be_a_uuid_version_7' end,
    case when not (new.occurred_at >= '0001-01-01T00:00:00Z' and new.occurred_at < '10000-01-01T00:00:00Z')
      then 'occurred_at_must_be_a_time_between_the_years_1_and_9999' end,
    case when not length(new.resource_id) between 1 and 1000 then 'resource_id_must_have_1_to_1000_characters' end,
    case when not length(new.resource_type) between 1 and 100 then 'resource_type_must_have_1_to_100_characters' end,
    case when not new.traceparent ~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'
      then 'traceparent_must_be_a_w3c_trace_context' end);
begin
  if violated = '' then
    return new;
  end if;
  raise exception using
    errcode = 'check_violation', schema = 'webhooks', table = 'outbox', constraint = split_part(violated, ', ', 1),
    message = format('new row for relation "outbox" violates check constraint "%s"', split_part(violated, ', ', 1)),
    detail = 'Violated: ' || violated || '.';
end $$;
create trigger check_event before insert or update on webhooks.outbox
  for each row execute function webhooks.check_event();
-- Also for rows that logical replication brings.
alter table webhooks.outbox enable always trigger check_event;

-- Hot: deliveries that are not final. One row is in one of three states:
--   in flight            lease_until in the future, next_attempt_at null
--   waiting for a retry  next_attempt_at due, lease_until ten seconds after it
--   parked               both null: any worker may claim it
-- Event and resource stand here as well, so that a page of deliveries needn't look up an event for each.
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
  event           text        collate "C",
  resource_id     text,
  replay_id       uuid,
  constraint delivery_pkey primary key (id)
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000
);
create index delivery_parked on webhooks.delivery (subscription_id, id) where lease_until is null;
-- Finds the retries that fell due, all of a moment with one statement. Rows that wait for no retry are not in it, so a
-- delivery that works on its first attempt costs nothing more.
create index delivery_due on webhooks.delivery (next_attempt_at) where next_attempt_at is not null;
create index delivery_tenant on webhooks.delivery (tenant_id, id);
create index delivery_replay on webhooks.delivery (subscription_id) where replay_id is not null;
create index delivery_replay_of on webhooks.delivery (replay_of) where replay_of is not null;
create index delivery_ordered on webhooks.delivery (subscription_id, event_id) where ordered;
create index delivery_suspects on webhooks.delivery (id) where lease_until is null and claims - attempts >= 2;
create unique index delivery_one_ordered_at_a_time on webhooks.delivery (subscription_id)
  where ordered and lease_until is not null;

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
