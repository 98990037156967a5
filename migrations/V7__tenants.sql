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

-- Who sees one tenant's rows must not move or judge everybody's.
create function webhooks.refuse_tenants() returns void
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    begin
      if current_setting('webhooks.tenant', true) <> '' then
        raise exception 'not for a connection that sees one tenant' using errcode = '42501';
      end if;
    end
  $$;

-- The first days of the logs; upkeep makes the others.
select webhooks.add_log_partition(log, (now() at time zone 'UTC')::date + ahead)
from unnest(array['event_log', 'delivery_log']) log, generate_series(0, 3) ahead;
