-- When events or deliveries pile up: what waits, and since when. Nothing in any of the three answers: nothing is left to do.
-- psql "$OUTBOX_DATABASE_URL" -f sql/operator/waiting.sql

-- Events that are not deliveries yet, by tenant. They are milliseconds old where a worker runs.
select tenant_id, count(*) as events, min(occurred_at) as oldest, now() - min(occurred_at) as waiting
from webhooks.outbox
group by tenant_id
order by oldest
limit 20;

-- Deliveries that are not final, by state.
select
  case
    when lease_until is null then 'parked'
    when next_attempt_at is null then 'in flight'
    else 'waiting for a retry'
  end as state,
  count(*) as deliveries,
  count(distinct subscription_id) as subscriptions,
  min(created_at) as oldest,
  min(next_attempt_at) as next_attempt,
  count(*) filter (where lease_until < now()) as lease_is_over
from webhooks.delivery
group by state
order by state;

-- The subscriptions that most waits for.
select d.subscription_id, s.url, s.active, count(*) as deliveries, min(d.created_at) as oldest,
  count(*) filter (where d.attempts > 0) as tried_before
from webhooks.delivery d
left join webhooks.subscription s on s.id = d.subscription_id
group by d.subscription_id, s.url, s.active
order by deliveries desc
limit 20;
