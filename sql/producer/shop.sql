-- The business tables of the examples beside this file. The references are checked at commit, so that an example can
-- show a transaction that fails at the very end, after it has published.
create schema shop;

create table shop.customer (
  id    text primary key,
  name  text not null,
  email text not null
);

create table shop.invoice (
  id     text primary key,
  amount numeric(12, 2) not null
);

create table shop.payment (
  id         text primary key,
  invoice_id text not null references shop.invoice deferrable initially deferred,
  amount     numeric(12, 2) not null,
  currency   text not null
);

create table shop.sales_order (
  id           text primary key,
  order_number text not null,
  customer_id  text not null references shop.customer deferrable initially deferred,
  amount       numeric(12, 2) not null,
  currency     text not null,
  items_count  int not null,
  shipped      boolean not null default false
);

insert into shop.invoice (id, amount) values ('inv-1', 1500.00);
