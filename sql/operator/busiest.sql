-- When everything is slow: the subscriptions with the most deliveries that ended in the last hour, and how their
-- endpoints answered.
-- psql "$OUTBOX_DATABASE_URL" -f sql/operator/busiest.sql

select l.subscription_id, l.tenant_id, s.url, s.event, count(*) as deliveries,
  sum(l.attempts) as attempts,
  count(*) filter (where l.status = 'failed') as failed,
  round(percentile_cont(0.5) within group (order by l.duration_ms)) as p50_ms,
  round(percentile_cont(0.95) within group (order by l.duration_ms)) as p95_ms,
  max(l.finished_at) as latest
from webhooks.delivery_log l
left join webhooks.subscription s on s.id = l.subscription_id
where l.finished_at > now() - interval '1 hour'
  and l.id >= webhooks.uuid_v7_at(now() - interval '1 day')
group by l.subscription_id, l.tenant_id, s.url, s.event
order by deliveries desc
limit 20;
