-- What the worker's and the API's role may do: rows, never the schema, and nothing of the audit log but reading it.
-- allowed
select count(*) from webhooks.outbox;
select count(*) from webhooks.subscription where secret is not null;
insert into webhooks.delivery (event_id, subscription_id, tenant_id) values (webhooks.uuid_v7(), webhooks.uuid_v7(), gen_random_uuid());
update webhooks.delivery set attempts = 1;
delete from webhooks.delivery;
insert into webhooks.subscription (tenant_id, url, event) values (gen_random_uuid(), 'https://a.example/', '*');
update webhooks.subscription set active = false;
insert into webhooks.scheduled_tasks (task_name, task_instance, execution_time, picked, version) values ('a', 'b', now(), false, 1);
select webhooks.add_log_partition('event_log', current_date + 40);
select webhooks.drop_log_partition('event_log', 'event_log_' || to_char(now() at time zone 'UTC' + interval '1 day', 'YYYYMMDD'));
select count(*) from webhooks.audit_log;
-- denied
create table webhooks.mine ();
create function webhooks.mine() returns int language sql as 'select 1';
alter table webhooks.outbox add column mine int;
alter table webhooks.outbox disable row level security;
alter table webhooks.outbox no force row level security;
drop policy tenant on webhooks.outbox;
drop table webhooks.outbox;
truncate webhooks.outbox;
create trigger mine before insert on webhooks.outbox for each row execute function webhooks.note_inactive_since();
create index on webhooks.outbox (event);
update webhooks.audit_log set actor = 'somebody else';
delete from webhooks.audit_log;
insert into webhooks.audit_log (tenant_id, actor, action) values (gen_random_uuid(), 'a', 'b');
select webhooks.grant_roles();
select webhooks.isolate_tenants('webhooks.outbox');
create role mine;
