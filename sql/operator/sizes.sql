-- When the disk fills: what each table takes, day by day, and what lies outside of any day.
-- psql "$OUTBOX_DATABASE_URL" -f sql/operator/sizes.sql

-- Tables with all their partitions.
select root.relname as name, count(*) filter (where leaf.isleaf) as parts,
  pg_size_pretty(sum(pg_table_size(leaf.relid))) as data,
  pg_size_pretty(sum(pg_indexes_size(leaf.relid))) as indexes,
  pg_size_pretty(sum(pg_total_relation_size(leaf.relid))) as total
from pg_class root
cross join lateral pg_partition_tree(root.oid) leaf
where root.relnamespace = 'webhooks'::regnamespace and root.relkind in ('r', 'p') and not root.relispartition
group by root.relname
order by sum(pg_total_relation_size(leaf.relid)) desc;

-- The days of the logs, newest first; rows are the statistics' estimate.
select c.relname as day, greatest(c.reltuples, 0)::bigint as rows, pg_size_pretty(pg_total_relation_size(c.oid)) as total
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
where i.inhparent in ('webhooks.event_log'::regclass, 'webhooks.delivery_log'::regclass)
order by right(c.relname, 8) desc, c.relname
limit 100;

-- Rows of the default partitions. Upkeep moves those of recent days and deletes old ones; an id far in the future was
-- made by a producer, and its row goes when occurred_at is older than the retention.
select 'event_log_default' as partition, min(id::text) as smallest_id, max(id::text) as largest_id, count(*) as rows
from (select id from webhooks.event_log_default limit 100000) counted
union all
select 'delivery_log_default', min(id::text), max(id::text), count(*)
from (select id from webhooks.delivery_log_default limit 100000) counted;
