-- When deliveries lag or lanes are full: the endpoints that took longest in the last hour, over all tenants. A slow
-- endpoint delays its own deliveries alone; see whether it needs a higher max_in_flight, or its owner a word.
-- psql "$OUTBOX_DATABASE_URL" -f sql/operator/slow.sql

select l.subscription_id, l.tenant_id, s.url, count(*) as deliveries,
  round(percentile_cont(0.5) within group (order by l.duration_ms)) as p50_ms,
  round(percentile_cont(0.99) within group (order by l.duration_ms)) as p99_ms,
  count(*) filter (where l.http_status is null) as without_an_answer,
  sum(l.attempts - 1) as retries,
  (select count(*) from webhooks.delivery d where d.subscription_id = l.subscription_id) as not_final
from webhooks.delivery_log l
left join webhooks.subscription s on s.id = l.subscription_id
where l.finished_at > now() - interval '1 hour'
  and l.id >= webhooks.uuid_v7_at(now() - interval '1 day')
group by l.subscription_id, l.tenant_id, s.url
order by p99_ms desc nulls last
limit 20;
