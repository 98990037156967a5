-- When somebody says "our event never came": what the tables know of one tenant's event of the last day. `outbox doctor
-- --tenant UUID --event E` asks the same and judges the URLs, too.
-- psql "$OUTBOX_DATABASE_URL" -v tenant=UUID -v event=invoice.sent -f sql/operator/why.sql

-- The tenant's subscriptions. Nobody wants it: no row says "yes". Names are compared byte for byte.
select s.id, s.url, s.event,
  case
    when s.event = any(webhooks.patterns_matching(:'event')) then 'yes'
    when lower(s.event) = any(webhooks.patterns_matching(lower(:'event'))) then 'only in other case'
    else 'no'
  end as wants_it,
  s.active, s.disabled_reason, s.disabled_at, s.failing_since, s.created_at
from webhooks.subscription s
where s.tenant_id = :'tenant' and s.deleted_at is null
order by wants_it desc, s.id
limit 50;

-- Was it committed? No row in either: the producer's transaction rolled back, or wrote another tenant, name or database.
select 'in the outbox' as found, count(*) as events, max(occurred_at) as latest
from webhooks.outbox
where tenant_id = :'tenant' and event = :'event'
union all
select 'fanned out', count(*), max(occurred_at)
from webhooks.event_log
where tenant_id = :'tenant' and event = :'event' and id >= webhooks.uuid_v7_at(now() - interval '1 day');

-- What became of its latest deliveries: delivery.sql shows the attempts of each.
select id, event_id, subscription_id, 'delivery is not final' as status, attempts, history -> -1 ->> 'error' as last_error,
  created_at, next_attempt_at
from webhooks.delivery
where tenant_id = :'tenant' and event_id in (
  select id from webhooks.event_log
  where tenant_id = :'tenant' and event = :'event' and id >= webhooks.uuid_v7_at(now() - interval '1 day'))
union all
(select id, event_id, subscription_id, status, attempts, last_error, created_at, null
from webhooks.delivery_log
where tenant_id = :'tenant' and event = :'event' and id >= webhooks.uuid_v7_at(now() - interval '1 day')
order by id desc
limit 20)
order by created_at desc;
