-- Roles belong to the whole cluster and outlive this schema. Where the migrating user may not create them, the
-- notice says what to run; grants are made for the roles that exist, so run webhooks.grant_roles() again afterwards.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['webhooks_migrator', 'webhooks_worker', 'webhooks_producer', 'webhooks_reader'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception
        when duplicate_object or unique_violation then
          null;
        when insufficient_privilege then
          raise notice 'role % is missing; ask an administrator to run: create role % nologin', wanted, wanted;
      end;
    end if;
  end loop;
end $$;

create function webhooks.grant_roles() returns void
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
        grant select on event_log_default, delivery_log_default to webhooks_reader;
        grant select (id, tenant_id, url, event, active, description, retry_delays_ms, timeout_ms, max_in_flight,
          max_per_second, ordered, signature, public_key, previous_public_key, verified_at, failing_since, inactive_since,
          disabled_reason, disabled_at, deleted_at, created_at, updated_at) on subscription to webhooks_reader;
        grant select (id, tenant_id, name, created_at, expires_at, last_used_at, revoked_at) on api_token
          to webhooks_reader;
        grant execute on function uuid_v7_at(timestamptz), patterns_matching(text) to webhooks_reader;
      end if;
    end
  $$;
comment on function webhooks.grant_roles is 'grants to the roles that exist; safe to run again after creating one';

select webhooks.grant_roles();
