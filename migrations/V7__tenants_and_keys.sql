-- Asymmetric signatures: the private key is the sealed secret, the public one is for everybody.
alter table webhooks.subscription
  add column public_key bytea,
  add column previous_public_key bytea,
  add column verified_at timestamptz,
  add constraint signature_must_be_hmac_sha256_or_ed25519 check (signature in ('hmac-sha256', 'ed25519')),
  add constraint public_keys_must_have_32_bytes
    check (octet_length(public_key) = 32 and octet_length(previous_public_key) = 32);
create index subscription_public_keys on webhooks.subscription (tenant_id) where public_key is not null;

-- An endpoint that proved that it wants webhooks proved it for its own URL alone, whoever changes it.
create function webhooks.forget_verification() returns trigger
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    begin
      new.verified_at := null;
      return new;
    end
  $$;
create trigger subscription_forget_verification before update of url on webhooks.subscription
  for each row when (old.url is distinct from new.url) execute function webhooks.forget_verification();

-- Row level security is the second belt: each statement of the API names its tenant, and where one forgets to, its
-- connection still sees that tenant's rows alone. The API's connections set webhooks.tenant; where it is not set, as in
-- the worker, in producers and in psql, grants alone decide. The setting is read once per statement.
create function webhooks.isolate_tenants(target regclass) returns void
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    begin
      execute format('alter table %s enable row level security, force row level security', target);
      execute format('create policy tenant on %s using (
        coalesce((select nullif(current_setting(''webhooks.tenant'', true), '''')::uuid), tenant_id) = tenant_id)', target);
    end
  $$;
comment on function webhooks.isolate_tenants is 'lets connections that set webhooks.tenant see the rows of that tenant alone';

select webhooks.isolate_tenants(a.attrelid)
from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
where c.relnamespace = 'webhooks'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id';

-- As before, but each new partition is isolated, too. A caller who sees one tenant's rows must not move or judge
-- everybody's.
create function webhooks.refuse_tenants() returns void
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    begin
      if current_setting('webhooks.tenant', true) <> '' then
        raise exception 'not for a connection that sees one tenant' using errcode = '42501';
      end if;
    end
  $$;

create or replace function webhooks.add_log_partition(log text, day date) returns text
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

create or replace function webhooks.drop_log_partition(log text, name text) returns boolean
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

create or replace function webhooks.grant_roles() returns void
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    declare
      producing record;
    begin
      revoke execute on all functions in schema webhooks from public;

      if exists (select from pg_catalog.pg_roles where rolname = 'webhooks_worker') then
        grant usage on schema webhooks to webhooks_worker;
        grant select, insert, update, delete on all tables in schema webhooks to webhooks_worker;
        revoke insert, update, delete on audit_log from webhooks_worker;
        grant execute on all functions in schema webhooks to webhooks_worker;
        revoke execute on function grant_roles(), isolate_tenants(regclass) from webhooks_worker;
      end if;

      if exists (select from pg_catalog.pg_roles where rolname = 'webhooks_producer') then
        grant usage on schema webhooks to webhooks_producer;
        grant insert on outbox to webhooks_producer;
        grant select (id) on outbox to webhooks_producer;
        for producing in
          select oid::regprocedure as signature from pg_catalog.pg_proc
          where pronamespace = 'webhooks'::regnamespace
            and (proname = 'publish' or proname = 'uuid_v7' or proname like 'trigger\_%')
        loop
          execute format('grant execute on function %s to webhooks_producer', producing.signature);
        end loop;
      end if;

      if exists (select from pg_catalog.pg_roles where rolname = 'webhooks_reader') then
        grant usage on schema webhooks to webhooks_reader;
        grant select on outbox, delivery, event_log, delivery_log, audit_log, replay, scheduled_tasks to webhooks_reader;
        grant select (id, tenant_id, url, event, active, description, retry_delays_ms, timeout_ms, max_in_flight,
          max_per_second, ordered, signature, public_key, previous_public_key, verified_at, failing_since, inactive_since,
          disabled_reason, disabled_at, deleted_at, created_at, updated_at) on subscription to webhooks_reader;
        grant select (id, tenant_id, name, created_at, expires_at, last_used_at, revoked_at) on api_token
          to webhooks_reader;
        grant execute on function uuid_v7_at(timestamptz), patterns_matching(text) to webhooks_reader;
      end if;
    end
  $$;
select webhooks.grant_roles();
