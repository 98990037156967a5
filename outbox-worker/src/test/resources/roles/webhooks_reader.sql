-- What operators may do who only look: everything but secrets, tokens and what could let somebody in.
-- allowed
select * from webhooks.outbox;
select * from webhooks.delivery;
select * from webhooks.delivery_log;
select * from webhooks.event_log;
select * from webhooks.audit_log;
select * from webhooks.replay;
select * from webhooks.scheduled_tasks;
select id, tenant_id, url, event, active, signature, public_key, verified_at from webhooks.subscription;
select id, tenant_id, name, expires_at, revoked_at from webhooks.api_token;
select webhooks.uuid_v7_at(now());
-- denied
select * from webhooks.subscription;
select secret from webhooks.subscription;
select previous_secret from webhooks.subscription;
select headers from webhooks.subscription;
select 1 from webhooks.subscription where secret is not null;
select * from webhooks.api_token;
select hash from webhooks.api_token;
select * from webhooks.idempotency_key;
insert into webhooks.outbox (tenant_id, event, resource_id, data) values (gen_random_uuid(), 'a.b', 'r', '{}');
update webhooks.delivery set attempts = 0;
delete from webhooks.delivery_log;
truncate webhooks.audit_log;
select webhooks.publish('0190a5b2-0000-7000-8000-000000000001', 'a.b', 'r-1', '{}');
select webhooks.drop_log_partition('event_log', 'event_log_20240101');
select webhooks.grant_roles();
create table webhooks.mine ();
