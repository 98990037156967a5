-- What a later version of the program may bring: a column of the table that producers insert into.
alter table webhooks.outbox add column later text;
