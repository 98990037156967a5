-- What producers were told to write with 0.1.0. Every later release runs this file: a form that was published never stops
-- to work. One event for each statement.

insert into webhooks.outbox (tenant_id, event, resource_id, data)
values ('7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11', 'released.insert', 'r-1', '{"n":1}');

insert into webhooks.outbox (tenant_id, event, resource_type, resource_id, data)
values ('7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11', 'released.insert', 'thing', 'r-2', '{"n":2}');

insert into webhooks.outbox (id, tenant_id, event, resource_type, resource_id, data, traceparent, occurred_at)
values ('0190a5b2-7f3e-7c1a-9b2d-3f4e5a6b7c8d', '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11', 'released.insert', 'thing', 'r-3', '{"n":3}',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '2026-02-14T15:30:45.123456Z');

insert into webhooks.outbox (tenant_id, event, resource_id, data)
values ('7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11', 'released.insert', 'r-4', '{"n":4}') returning id;

select webhooks.publish('7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11'::uuid, 'released.publish'::text, 'r-5'::text, '{"n":5}'::json);

select webhooks.publish('7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11'::uuid, 'released.publish'::text, 'r-6'::text, '{"n":6}'::text, 'thing'::text);

select webhooks.publish('7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11'::text, 'released.publish'::text, 'r-7'::text, '{"n":7}'::text, 'thing'::text);

select webhooks.publish(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11', event => 'released.publish', resource_id => 'r-8', data => '{"n":8}');

select webhooks.trigger_payment_received(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  payment_id => 'payment_id-1', invoice_id => 'invoice_id-1', amount => 1500.00, currency => 'currency-1',
  payment_method => 'payment_method-1', reference_number => 'reference_number-1');

select webhooks.trigger_payment_failed(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  payment_id => 'payment_id-1', invoice_id => 'invoice_id-1', amount => 1500.00, currency => 'currency-1',
  reason => 'reason-1', error_code => 'error_code-1');

select webhooks.trigger_customer_created(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  customer_id => 'customer_id-1', customer_name => 'customer_name-1', customer_email => 'customer_email-1',
  customer_phone => 'customer_phone-1', customer_type => 'customer_type-1');

select webhooks.trigger_customer_updated(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  customer_id => 'customer_id-1', customer_name => 'customer_name-1', customer_email => 'customer_email-1',
  customer_phone => 'customer_phone-1', changes => '{"name":"x"}');

select webhooks.trigger_sales_order_created(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  order_id => 'order_id-1', order_number => 'order_number-1', customer_id => 'customer_id-1',
  customer_name => 'customer_name-1', amount => 1500.00, currency => 'currency-1', items_count => 3);

select webhooks.trigger_sales_order_confirmed(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  order_id => 'order_id-1', order_number => 'order_number-1', customer_id => 'customer_id-1',
  customer_name => 'customer_name-1', amount => 1500.00, currency => 'currency-1');

select webhooks.trigger_sales_order_cancelled(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  order_id => 'order_id-1', order_number => 'order_number-1', reason => 'reason-1');

select webhooks.trigger_invoice_created(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  invoice_id => 'invoice_id-1', invoice_number => 'invoice_number-1', amount => 1500.00, currency => 'currency-1',
  customer_name => 'customer_name-1', status => 'status-1', created_at => '2026-02-14T15:30:45Z');

select webhooks.trigger_invoice_sent(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11', invoice_id => 'invoice_id-1',
  invoice_number => 'invoice_number-1', amount => 1500.00, currency => 'currency-1',
  customer_name => 'customer_name-1', customer_email => 'customer_email-1');

select webhooks.trigger_invoice_authorized(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  invoice_id => 'invoice_id-1', invoice_number => 'invoice_number-1', amount => 1500.00, currency => 'currency-1',
  authorization_number => 'authorization_number-1', authorized_at => '2026-02-14T15:30:45Z');

select webhooks.trigger_invoice_rejected(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  invoice_id => 'invoice_id-1', invoice_number => 'invoice_number-1', reason => 'reason-1',
  error_code => 'error_code-1');

select webhooks.trigger_invoice_cancelled(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  invoice_id => 'invoice_id-1', invoice_number => 'invoice_number-1', reason => 'reason-1');

select webhooks.trigger_inventory_low(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  product_id => 'product_id-1', product_name => 'product_name-1', quantity => 1500.00, threshold => 1500.00,
  warehouse_id => 'warehouse_id-1');

select webhooks.trigger_inventory_updated(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  product_id => 'product_id-1', product_name => 'product_name-1', quantity => 1500.00, previous_quantity => 1500.00,
  warehouse_id => 'warehouse_id-1', reason => 'reason-1');

select webhooks.trigger_document_updated(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  document_id => 'document_id-1', document_type => 'document_type-1', document_number => 'document_number-1',
  changes => '{"name":"x"}');

select webhooks.trigger_error_occurred(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11', error_id => 'error_id-1',
  error_code => 'error_code-1', message => 'message-1', context => '{"name":"x"}');

select webhooks.trigger_purchase_order_created(tenant_id => '7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11',
  order_id => 'order_id-1', order_number => 'order_number-1', supplier_id => 'supplier_id-1',
  supplier_name => 'supplier_name-1', amount => 1500.00, currency => 'currency-1', items_count => 3);
