-- A delivery that was claimed twice without a result is a suspect: its payload may kill workers. A worker tries one at a
-- time and marks it first, in a commit that waits for the disk; so what is parked with this mark was being tried when its
-- worker died, and what is parked without it was only held.
alter table webhooks.delivery add column on_trial boolean not null default false;

-- Workers whose leases ran out, for a few minutes: where more of them were lost than a suspect was lost with, they die of
-- something else. A worker is named by the upper half of its lease tokens.
create table webhooks.lost_worker (
  worker   int         not null,
  found_at timestamptz not null default now(),
  constraint lost_worker_pkey primary key (worker)
);

select webhooks.grant_roles();
