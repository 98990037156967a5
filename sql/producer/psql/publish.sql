-- The ways to publish an event by hand. Run it with psql --set ON_ERROR_STOP=1 -f publish.sql; it changes nothing,
-- because it ends with a rollback. In an application the same statements stand between its own, before its commit.
begin;

-- A plain INSERT: the id and the time are made by PostgreSQL.
insert into webhooks.outbox (tenant_id, event, resource_id, data)
values ('0190a5b2-0000-7000-8000-000000000001', 'invoice.created', 'inv-1', '{"amount":"1500.00","currency":"EUR"}')
returning id;

-- Everything that may be said about an event.
insert into webhooks.outbox (id, tenant_id, event, resource_type, resource_id, data, traceparent, occurred_at)
values (
  '0190a5b2-7f3e-7c1a-9b2d-3f4e5a6b7c8d',
  '0190a5b2-0000-7000-8000-000000000001',
  'sales_order.line.added',
  'sales_order',
  'ord-1',
  '{"line":3}',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  '2024-07-12T08:15:00Z');

-- Many events at once, from a query.
insert into webhooks.outbox (tenant_id, event, resource_id, data)
select '0190a5b2-0000-7000-8000-000000000001', 'price.changed', 'prd-' || n, json_build_object('price', (n * 1.10)::text)
from generate_series(1, 100) n;

-- The function: it takes strings, uuid or json, and returns the id.
select webhooks.publish('0190a5b2-0000-7000-8000-000000000001', 'invoice.created', 'inv-2', '{"amount":"20.00"}');
select webhooks.publish(tenant_id => '0190a5b2-0000-7000-8000-000000000001', event => 'invoice.created',
  resource_id => 'inv-3', data => json_build_object('amount', '30.00'), resource_type => 'bill');

rollback;
