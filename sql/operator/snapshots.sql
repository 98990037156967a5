-- When fan-out gets slower: who holds old snapshots. While one is held, vacuum can't clear away what the hot tables deleted after it, and each
-- fan-out gets slower. Without the role pg_read_all_stats only your own sessions show what they hold.
-- psql "$OUTBOX_DATABASE_URL" -f sql/operator/snapshots.sql

-- Sessions; the remedy is to end the transaction, or: select pg_terminate_backend(pid).
select pid, usename, application_name, client_addr, state, now() - xact_start as transaction_age,
  age(backend_xmin) as transactions_held, left(query, 100) as query
from pg_stat_activity
where backend_xmin is not null and pid <> pg_backend_pid()
order by age(backend_xmin) desc, xact_start
limit 10;

-- Transactions that were prepared and never ended: commit prepared or rollback prepared.
select gid, owner, database, now() - prepared as age from pg_prepared_xacts order by prepared limit 10;

-- Replication slots: one that nobody reads any more holds for ever, until pg_drop_replication_slot.
select slot_name, slot_type, active, age(xmin) as transactions_held, age(catalog_xmin) as catalog_transactions_held
from pg_replication_slots
order by greatest(age(xmin), age(catalog_xmin)) desc nulls last
limit 10;

-- What that costs the hot tables: dead rows should stay near the threshold of their autovacuum.
select relname, n_live_tup as live_rows, n_dead_tup as dead_rows, last_autovacuum, autovacuum_count,
  pg_size_pretty(pg_table_size(relid)) as size
from pg_stat_user_tables
where schemaname = 'webhooks' and relname in ('outbox', 'delivery', 'scheduled_tasks')
order by relname;
