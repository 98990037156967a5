-- What applications may do: publish, and learn the id of what they published.
-- allowed
insert into webhooks.outbox (tenant_id, event, resource_id, data) values ('0190a5b2-0000-7000-8000-000000000001', 'a.b', 'r-1', '{}');
insert into webhooks.outbox (tenant_id, event, resource_id, data) values ('0190a5b2-0000-7000-8000-000000000001', 'a.b', 'r-1', '{}') returning id;
insert into webhooks.outbox (tenant_id, event, resource_id, data) values ('0190a5b2-0000-7000-8000-000000000001', 'a.b', 'r-1', '{}'), ('0190a5b2-0000-7000-8000-000000000002', 'a.b', 'r-1', '{}') on conflict (id) do nothing;
select webhooks.publish('0190a5b2-0000-7000-8000-000000000001', 'a.b', 'r-1', '{}');
select webhooks.trigger_invoice_sent('0190a5b2-0000-7000-8000-000000000001', 'inv-1');
-- denied
select * from webhooks.outbox;
select data from webhooks.outbox;
update webhooks.outbox set event = 'x.y';
delete from webhooks.outbox;
truncate webhooks.outbox;
select 1 from webhooks.delivery;
select 1 from webhooks.event_log;
select 1 from webhooks.delivery_log;
select 1 from webhooks.subscription;
select 1 from webhooks.api_token;
select 1 from webhooks.audit_log;
select 1 from webhooks.replay;
select 1 from webhooks.idempotency_key;
select 1 from webhooks.scheduled_tasks;
select 1 from webhooks.flyway_schema_history;
insert into webhooks.subscription (tenant_id, url, event) values (gen_random_uuid(), 'https://a.b', '*');
select webhooks.add_log_partition('event_log', current_date);
select webhooks.drop_log_partition('event_log', 'event_log_20240101');
select webhooks.isolate_tenants('webhooks.outbox');
create table webhooks.mine ();
