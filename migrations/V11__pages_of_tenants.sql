-- What the API reads passes row level security, and the planner must not believe that this leaves next to nothing: a
-- comparison with an unknown counts as one row in 200, so that a page of fifty was read by sorting days of the log. A
-- condition that it can't judge at all counts as every second row.
create or replace function webhooks.isolate_tenants(target regclass) returns void
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    begin
      execute format('alter table %s enable row level security, force row level security', target);
      execute format('create policy tenant on %s using (
        coalesce((select nullif(current_setting(''webhooks.tenant'', true), '''')::uuid) = tenant_id, true))', target);
    end
  $$;

do $$
  declare
    target regclass;
  begin
    for target in
      select p.polrelid from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
      where c.relnamespace = 'webhooks'::regnamespace and p.polname = 'tenant'
    loop
      execute format('drop policy tenant on %s', target);
      perform webhooks.isolate_tenants(target);
    end loop;
  end
$$;

-- Behind a policy an index serves only where its functions are known to tell nothing about rows. A cast to name is, a
-- hash is not: pages of a resource read all of the tenant's log. Either keeps long ids short; the column itself is
-- compared as well.
drop index webhooks.delivery_log_resource;
create index delivery_log_resource
  on webhooks.delivery_log (tenant_id, (resource_id::name::text collate "C"), status, id);
