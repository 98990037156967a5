-- What became of events and deliveries, and what the API and the console read of it.

-- Partitioned by range of id, which is a range of time: a partition for each UTC day. The default one takes what no
-- other does.
create table webhooks.event_log (
  id            uuid        not null,
  tenant_id     uuid        not null,
  event         text        not null collate "C",
  resource_type text        not null collate "C",
  resource_id   text        not null,
  data          json        not null,
  traceparent   text        collate "C",
  occurred_at   timestamptz not null,
  erased_at     timestamptz,
  constraint event_log_pkey primary key (id)
) partition by range (id);
-- The row of an erased event stays, so that it is the same event still, and its deliveries keep their name.
comment on column webhooks.event_log.erased_at is 'when data was replaced by {}; nothing of it is sent again';
create index event_log_tenant on webhooks.event_log (tenant_id, id);

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
  resource_id     text,
  constraint delivery_log_pkey primary key (id),
  constraint status_must_be_delivered_or_failed check (status in ('delivered', 'failed'))
) partition by range (id);
-- Pages are read newest first, by id. With the status inside, a page of any status merges two ranges of an index.
-- docs/benchmarks.md, section "Log pages", has the figures: what each index brings, and what it costs.
create index delivery_log_tenant on webhooks.delivery_log (tenant_id, status, id);
create index delivery_log_subscription on webhooks.delivery_log (subscription_id, status, id);
create index delivery_log_event on webhooks.delivery_log (tenant_id, event, status, id);
-- A hash, since the id of a resource may be longer than an index entry.
create index delivery_log_resource on webhooks.delivery_log (tenant_id, hashtextextended(resource_id, 0), status, id);
-- What ended lately, for the counts below: rows arrive in this order, so a few bytes for each hundred pages are enough.
create index delivery_log_finished_at on webhooks.delivery_log using brin (finished_at) with (autosummarize = on);
create index delivery_log_replay_of on webhooks.delivery_log (replay_of) where replay_of is not null;

create table webhooks.event_log_default partition of webhooks.event_log default;
create table webhooks.delivery_log_default partition of webhooks.delivery_log default;

-- One partition a day, isolated like its log (V7). Rows that the default partition took meanwhile move over in the
-- transaction that attaches it.
create function webhooks.add_log_partition(log text, day date) returns text
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    declare
      name text := format('%s_%s', log, to_char(day, 'YYYYMMDD'));
      first_id uuid := uuid_v7_at(day::timestamp at time zone 'UTC');
      end_id uuid := uuid_v7_at((day + 1)::timestamp at time zone 'UTC');
    begin
      perform refuse_tenants();
      if log not in ('event_log', 'delivery_log') then
        raise exception 'no such log: %', log using hint = 'event_log or delivery_log';
      end if;
      if to_regclass(format('webhooks.%I', name)) is not null then
        return null;
      end if;
      execute format('create table %I (like %I including all)', name, log);
      execute format('with moved as (delete from %I where id >= %L and id < %L returning *) insert into %I select * from moved',
        log || '_default', first_id, end_id, name);
      perform isolate_tenants(name::regclass);
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
      perform refuse_tenants();
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
