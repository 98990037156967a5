-- When deliveries fail: what failed in the last 24 hours, and why. The bound on id keeps to the newest days' partitions; lower it where a
-- subscription's retries take longer than a week.
-- psql "$OUTBOX_DATABASE_URL" -f sql/operator/failed.sql

-- By subscription and reason.
select l.subscription_id, s.url, l.last_error, count(*) as deliveries, max(l.finished_at) as latest,
  s.active, s.disabled_reason
from webhooks.delivery_log l
left join webhooks.subscription s on s.id = l.subscription_id
where l.status = 'failed'
  and l.finished_at > now() - interval '24 hours'
  and l.id >= webhooks.uuid_v7_at(now() - interval '7 days')
group by l.subscription_id, s.url, l.last_error, s.active, s.disabled_reason
order by deliveries desc
limit 50;

-- The latest, one by one: delivery.sql shows the attempts of each.
select id, tenant_id, event, url, attempts, http_status, last_error, created_at, finished_at
from webhooks.delivery_log
where status = 'failed'
  and finished_at > now() - interval '24 hours'
  and id >= webhooks.uuid_v7_at(now() - interval '7 days')
order by finished_at desc
limit 50;
