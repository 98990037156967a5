-- When deliveries don't end, or a partition is not dropped: what should not last. No row in any answer: nothing is stuck.
-- psql "$OUTBOX_DATABASE_URL" -f sql/operator/stuck.sql

-- Leases that are over. A worker parks such rows within a second, so no worker runs on this database.
select id, subscription_id, attempts, claims, lease_until, now() - lease_until as overdue
from webhooks.delivery
where lease_until < now() - interval '1 minute'
order by lease_until
limit 20;

-- Retries that fell due and were not taken. A worker takes them within 100 ms.
select task_instance, execution_time, now() - execution_time as overdue, picked, picked_by, last_heartbeat
from webhooks.scheduled_tasks
where execution_time < now() - interval '1 minute'
order by execution_time
limit 20;

-- Deliveries that killed workers, or whose workers died, twice and more: they are sent one at a time (on_trial), and those
-- that are lost once more during that end as worker_lost.
select id, subscription_id, tenant_id, event_id, attempts, claims, on_trial, created_at
from webhooks.delivery
where claims - attempts >= 2
order by id
limit 20;

-- The oldest deliveries that are not final: they keep their event's day from being dropped.
select d.id, d.subscription_id, s.url, s.active, d.event_id, d.attempts, d.created_at, d.next_attempt_at, d.lease_until
from webhooks.delivery d
left join webhooks.subscription s on s.id = d.subscription_id
order by d.event_id
limit 20;
