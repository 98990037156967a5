-- When a delivery has to be explained: one delivery with its event and its attempts, whether it is final or not.
-- psql "$OUTBOX_DATABASE_URL" -v delivery=ID -f sql/operator/delivery.sql

select d.id, d.status, d.attempts, d.last_error, d.created_at, d.finished_at, d.next_attempt_at,
  d.subscription_id, s.url, e.id as event_id, e.event, e.resource_id, e.occurred_at
from (
  select id, event_id, subscription_id, case when attempts = 0 then 'pending' else 'retrying' end as status, attempts,
    history -> -1 ->> 'error' as last_error, created_at, null as finished_at, next_attempt_at
  from webhooks.delivery
  where id = :'delivery'
  union all
  select id, event_id, subscription_id, status, attempts, last_error, created_at, finished_at, null
  from webhooks.delivery_log
  where id = :'delivery'
) d
left join webhooks.subscription s on s.id = d.subscription_id
left join webhooks.event_log e on e.id = d.event_id;

select seen ->> 'attempt' as attempt, seen ->> 'at' as at, seen ->> 'duration_ms' as duration_ms,
  seen ->> 'http_status' as http_status, seen ->> 'error' as error, left(seen ->> 'response', 200) as response
from (
  select history from webhooks.delivery where id = :'delivery'
  union all
  select history from webhooks.delivery_log where id = :'delivery'
) d
cross join json_array_elements(d.history) with ordinality as h (seen, number)
order by number;
