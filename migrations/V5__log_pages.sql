-- What the API reads of deliveries: pages by any filter, one delivery with its payload, replays in the background, counts
-- by time. docs/benchmarks.md, section "Log pages", has the figures: what each index brings, and what it costs.

-- A page by event or resource must not look up one event for each delivery. Null in rows that a worker of the version
-- before wrote.
alter table webhooks.delivery add column event text collate "C", add column resource_id text;
alter table webhooks.delivery_log add column resource_id text;
update webhooks.delivery d set event = e.event, resource_id = e.resource_id
from webhooks.event_log e where e.id = d.event_id;

-- The row of an erased event stays, so that it is the same event still, and its deliveries keep their name.
alter table webhooks.event_log add column erased_at timestamptz;
comment on column webhooks.event_log.erased_at is 'when data was replaced by {}; nothing of it is sent again';

-- Pages are read newest first, by id. With the status inside, a page of any status merges two of these.
create index delivery_tenant on webhooks.delivery (tenant_id, id);
drop index webhooks.delivery_log_tenant;
drop index webhooks.delivery_log_failed;
create index delivery_log_tenant on webhooks.delivery_log (tenant_id, status, id);
create index delivery_log_subscription on webhooks.delivery_log (subscription_id, status, id);
create index delivery_log_event on webhooks.delivery_log (tenant_id, event, status, id);
-- A hash, since the id of a resource may be longer than an index entry.
create index delivery_log_resource on webhooks.delivery_log (tenant_id, hashtextextended(resource_id, 0), status, id);
-- What ended lately, for the counts below: rows arrive in this order, so a few bytes for each hundred pages are enough.
create index delivery_log_finished_at on webhooks.delivery_log using brin (finished_at) with (autosummarize = on);
create index event_log_tenant on webhooks.event_log (tenant_id, id);

-- What ended, counted by minute and by half hour, so that an overview needn't read the log.
create table webhooks.delivery_count (
  tenant_id       uuid        not null,
  span_seconds    int         not null,
  at              timestamptz not null,
  subscription_id uuid        not null,
  delivered       bigint      not null default 0,
  failed          bigint      not null default 0,
  constraint delivery_count_pkey primary key (tenant_id, span_seconds, at, subscription_id),
  constraint span_seconds_must_be_60_or_1800 check (span_seconds in (60, 1800))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index delivery_count_at on webhooks.delivery_count (span_seconds, at);

-- Everything that ended before this time is in delivery_count.
create table webhooks.delivery_counted (
  only_row boolean     not null default true,
  until    timestamptz not null,
  constraint delivery_counted_pkey primary key (only_row),
  constraint there_is_one_row check (only_row)
);
insert into webhooks.delivery_counted (until) values (now() - interval '1 day');

-- A replay is worked off subscription by subscription, each at its own pace: one that hangs holds up no other. A part
-- that is done is deleted.
create table webhooks.replay_part (
  replay_id       uuid        not null,
  subscription_id uuid        not null,
  last_id         uuid        not null default '00000000-0000-0000-0000-000000000000',
  next_at         timestamptz not null default now(),
  constraint replay_part_pkey primary key (replay_id, subscription_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index replay_part_next_at on webhooks.replay_part (next_at);

-- The events that a replay of missed ones sends, found once when it begins: without an index on the log's event_id, which
-- each delivery would pay for. An event is in one replay of a subscription at most.
create table webhooks.replay_missed (
  subscription_id uuid not null,
  event_id        uuid not null,
  replay_id       uuid not null,
  constraint replay_missed_pkey primary key (subscription_id, event_id)
);
alter table webhooks.replay drop column last_id;
alter table webhooks.delivery add column replay_id uuid;
create index delivery_replay on webhooks.delivery (subscription_id) where replay_id is not null;

-- That a subscription is about to be disabled is told once, a day before.
alter table webhooks.subscription add column failing_told_at timestamptz;

create function webhooks.rfc3339(at timestamptz) returns text
  language sql stable strict parallel safe
  as $$ select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

select webhooks.grant_roles();
