-- The audit log is written by the tables themselves, in the transaction of the change: nobody can forget it, and a
-- change by hand is seen like any other.
create table webhooks.audit_log (
  id        uuid        not null default webhooks.uuid_v7(),
  tenant_id uuid        not null,
  at        timestamptz not null default now(),
  actor     text        not null,
  action    text        not null,
  subject   text,
  details   json,
  address   text,
  constraint audit_log_pkey primary key (id)
);
comment on table webhooks.audit_log is 'who changed what, when and from where; rows are only ever added';
create index audit_log_tenant on webhooks.audit_log (tenant_id, id);

create function webhooks.audit(tenant uuid, action text, subject text, details json) returns void
  language sql security definer set search_path = webhooks, pg_temp
  as $$
    insert into audit_log (tenant_id, actor, address, action, subject, details)
    values (tenant,
      coalesce(nullif(current_setting('webhooks.actor', true), ''),
        concat_ws(' ', nullif(current_setting('application_name'), ''), 'as ' || session_user)),
      coalesce(nullif(current_setting('webhooks.address', true), ''), host(inet_client_addr())),
      action, subject, details)
  $$;
comment on function webhooks.audit is
  'adds an entry; the settings webhooks.actor and webhooks.address say who and from where, else the connection does';

-- Values of custom headers and secrets may let somebody in: that they changed is told, not to what.
create function webhooks.audit_subscription() returns trigger
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    declare
      was jsonb := to_jsonb(old) - '{id,tenant_id,secret,previous_secret,previous_secret_until,public_key,previous_public_key,verified_at,failing_since,inactive_since,created_at,updated_at}'::text[];
      is_now jsonb := to_jsonb(new) - '{id,tenant_id,secret,previous_secret,previous_secret_until,public_key,previous_public_key,verified_at,failing_since,inactive_since,created_at,updated_at}'::text[];
      changes json;
    begin
      if tg_op = 'INSERT' then
        perform audit(new.tenant_id, 'subscription.created', new.id::text, json_build_object('url', new.url, 'event', new.event));
        return null;
      end if;
      if new.deleted_at is not null and old.deleted_at is null then
        perform audit(new.tenant_id, 'subscription.deleted', new.id::text, json_build_object('url', new.url, 'event', new.event));
        return null;
      end if;
      if new.secret is distinct from old.secret and new.updated_at is distinct from old.updated_at then
        perform audit(new.tenant_id, 'subscription.secret_rotated', new.id::text,
          json_build_object('previous_secret_until', new.previous_secret_until));
      end if;
      select json_object_agg(key, case when key = 'headers' then null else json_build_object('from', was -> key, 'to', is_now -> key) end)
      into changes
      from jsonb_object_keys(is_now) key
      where is_now -> key is distinct from was -> key;
      if changes is not null then
        perform audit(new.tenant_id,
          case
            when new.active and not old.active then 'subscription.resumed'
            when old.active and not new.active and new.disabled_at is not null then 'subscription.disabled'
            when old.active and not new.active then 'subscription.paused'
            else 'subscription.changed'
          end,
          new.id::text, changes);
      end if;
      return null;
    end
  $$;
create trigger subscription_audit after insert or update of url, event, active, description, headers, retry_delays_ms,
    timeout_ms, max_in_flight, max_per_second, ordered, signature, secret, disabled_reason, deleted_at
  on webhooks.subscription for each row execute function webhooks.audit_subscription();

create function webhooks.audit_api_token() returns trigger
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      if tg_op = 'INSERT' then
        perform audit(new.tenant_id, 'token.created', new.id::text, json_build_object('name', new.name, 'expires_at', new.expires_at));
      elsif new.revoked_at is not null and old.revoked_at is null then
        perform audit(new.tenant_id, 'token.revoked', new.id::text, json_build_object('name', new.name));
      end if;
      return null;
    end
  $$;
create trigger api_token_audit after insert or update of revoked_at
  on webhooks.api_token for each row execute function webhooks.audit_api_token();

create function webhooks.audit_replay() returns trigger
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      perform audit(new.tenant_id, 'replay.started', new.id::text, json_build_object('subscription_id', new.subscription_id,
        'since', new.since, 'until', new.until, 'status', new.status, 'event', new.event, 'again', new.again));
      return null;
    end
  $$;
create trigger replay_audit after insert on webhooks.replay for each row execute function webhooks.audit_replay();

-- Append-only, also for those who own the table: only the function below may take old rows out.
create function webhooks.keep_audit_log() returns trigger
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    begin
      if tg_op = 'DELETE' and current_setting('webhooks.purges_audit_log', true) = 'on' then
        return null;
      end if;
      raise exception 'audit_log is append-only'
        using hint = 'old entries are taken out by webhooks.purge_audit_log(before, batch)', errcode = '42501';
    end
  $$;
create trigger audit_log_append_only before update or delete or truncate on webhooks.audit_log
  for each statement execute function webhooks.keep_audit_log();

create function webhooks.purge_audit_log(before timestamptz, batch int default 1000) returns int
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    declare
      purged int;
    begin
      perform set_config('webhooks.purges_audit_log', 'on', true);
      delete from audit_log where id = any(array(
        select id from audit_log where id < uuid_v7_at(least(before, now() - interval '1 day'))
        order by id limit batch for update skip locked));
      get diagnostics purged = row_count;
      perform set_config('webhooks.purges_audit_log', '', true);
      return purged;
    end
  $$;
comment on function webhooks.purge_audit_log is
  'takes out up to batch entries older than that, never any of the last day; returns their number';
