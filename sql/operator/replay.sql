-- When many deliveries failed and the endpoint works again: what a replay would send, by subscription and hour. To send
-- it, use what counts, marks and paces it: `outbox replay --tenant UUID --since T`, or POST …/replays of the API.
-- psql "$OUTBOX_DATABASE_URL" -v since='2026-02-14 15:00Z' -f sql/operator/replay.sql

select l.tenant_id, l.subscription_id, s.url, s.active,
  date_trunc('hour', l.created_at) as hour, count(*) as failed,
  count(*) filter (where exists (
    select from webhooks.delivery_log again where again.replay_of = l.id and again.status = 'delivered')) as replayed_since,
  count(*) filter (where not exists (select from webhooks.event_log e where e.id = l.event_id)) as event_is_gone
from webhooks.delivery_log l
left join webhooks.subscription s on s.id = l.subscription_id
where l.status = 'failed'
  and l.created_at >= :'since'::timestamptz
  and l.id >= webhooks.uuid_v7_at(:'since'::timestamptz)
group by l.tenant_id, l.subscription_id, s.url, s.active, hour
order by failed desc
limit 100;

-- Replays that run: how far each has come.
select id, tenant_id, subscription_id, since, until, status, total, replayed, created_at
from webhooks.replay
where finished_at is null
order by id
limit 20;
