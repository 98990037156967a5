-- One call of each trigger function, with every argument, and below it the data that the webhook then carries.
-- All arguments but tenant_id and the first id may be left out: they are then missing from data.
-- Run it with psql --set ON_ERROR_STOP=1 -f trigger-functions.sql; it changes nothing, because it ends with a rollback.
begin;

select webhooks.trigger_payment_received(tenant_id => '0190a5b2-0000-7000-8000-000000000001', payment_id => 'pay-1',
  invoice_id => 'inv-1', amount => 1500.00, currency => 'EUR', payment_method => 'bank_transfer', reference_number => 'REF-7');
-- {"payment_id":"pay-1","invoice_id":"inv-1","amount":"1500.00","currency":"EUR","payment_method":"bank_transfer","reference_number":"REF-7"}

select webhooks.trigger_payment_failed(tenant_id => '0190a5b2-0000-7000-8000-000000000001', payment_id => 'pay-2',
  invoice_id => 'inv-1', amount => 1500.00, currency => 'EUR', reason => 'insufficient funds', error_code => 'card_declined');
-- {"payment_id":"pay-2","invoice_id":"inv-1","amount":"1500.00","currency":"EUR","reason":"insufficient funds","error_code":"card_declined"}

select webhooks.trigger_customer_created(tenant_id => '0190a5b2-0000-7000-8000-000000000001', customer_id => 'cus-1',
  customer_name => 'Zoë Brontë', customer_email => 'zoe@example.com', customer_phone => '+34 600 000 000', customer_type => 'company');
-- {"customer_id":"cus-1","customer_name":"Zoë Brontë","customer_email":"zoe@example.com","customer_phone":"+34 600 000 000","customer_type":"company"}

select webhooks.trigger_customer_updated(tenant_id => '0190a5b2-0000-7000-8000-000000000001', customer_id => 'cus-1',
  customer_name => 'Zoë Brontë', customer_email => 'zoe@example.com', customer_phone => '+34 600 000 000',
  changes => '{"customer_phone":{"old":"+34 600 000 001","new":"+34 600 000 000"}}');
-- {"customer_id":"cus-1","customer_name":"Zoë Brontë","customer_email":"zoe@example.com","customer_phone":"+34 600 000 000","changes":{"customer_phone":{"old":"+34 600 000 001","new":"+34 600 000 000"}}}

select webhooks.trigger_sales_order_created(tenant_id => '0190a5b2-0000-7000-8000-000000000001', order_id => 'ord-1',
  order_number => 'SO-2024-1', customer_id => 'cus-1', customer_name => 'Zoë Brontë', amount => 99.90, currency => 'EUR', items_count => 3);
-- {"order_id":"ord-1","order_number":"SO-2024-1","customer_id":"cus-1","customer_name":"Zoë Brontë","amount":"99.90","currency":"EUR","items_count":3}

select webhooks.trigger_sales_order_confirmed(tenant_id => '0190a5b2-0000-7000-8000-000000000001', order_id => 'ord-1',
  order_number => 'SO-2024-1', customer_id => 'cus-1', customer_name => 'Zoë Brontë', amount => 99.90, currency => 'EUR');
-- {"order_id":"ord-1","order_number":"SO-2024-1","customer_id":"cus-1","customer_name":"Zoë Brontë","amount":"99.90","currency":"EUR"}

select webhooks.trigger_sales_order_cancelled(tenant_id => '0190a5b2-0000-7000-8000-000000000001', order_id => 'ord-1',
  order_number => 'SO-2024-1', reason => 'customer changed their mind');
-- {"order_id":"ord-1","order_number":"SO-2024-1","reason":"customer changed their mind"}

select webhooks.trigger_invoice_created(tenant_id => '0190a5b2-0000-7000-8000-000000000001', invoice_id => 'inv-1',
  invoice_number => 'A-0001', amount => 1500.00, currency => 'EUR', customer_name => 'Zoë Brontë', status => 'draft',
  created_at => '2024-02-14 16:30:45.123456+01');
-- {"invoice_id":"inv-1","invoice_number":"A-0001","amount":"1500.00","currency":"EUR","customer_name":"Zoë Brontë","status":"draft","created_at":"2024-02-14T15:30:45.123456Z"}

select webhooks.trigger_invoice_sent(tenant_id => '0190a5b2-0000-7000-8000-000000000001', invoice_id => 'inv-1',
  invoice_number => 'A-0001', amount => 1500.00, currency => 'EUR', customer_name => 'Zoë Brontë', customer_email => 'zoe@example.com');
-- {"invoice_id":"inv-1","invoice_number":"A-0001","amount":"1500.00","currency":"EUR","customer_name":"Zoë Brontë","customer_email":"zoe@example.com"}

select webhooks.trigger_invoice_authorized(tenant_id => '0190a5b2-0000-7000-8000-000000000001', invoice_id => 'inv-1',
  invoice_number => 'A-0001', amount => 1500.00, currency => 'EUR', authorization_number => 'AUT-42',
  authorized_at => '2024-02-14T15:31:00Z');
-- {"invoice_id":"inv-1","invoice_number":"A-0001","amount":"1500.00","currency":"EUR","authorization_number":"AUT-42","authorized_at":"2024-02-14T15:31:00.000000Z"}

select webhooks.trigger_invoice_rejected(tenant_id => '0190a5b2-0000-7000-8000-000000000001', invoice_id => 'inv-1',
  invoice_number => 'A-0001', reason => 'tax id unknown', error_code => 'E-310');
-- {"invoice_id":"inv-1","invoice_number":"A-0001","reason":"tax id unknown","error_code":"E-310"}

select webhooks.trigger_invoice_cancelled(tenant_id => '0190a5b2-0000-7000-8000-000000000001', invoice_id => 'inv-1',
  invoice_number => 'A-0001', reason => 'issued twice');
-- {"invoice_id":"inv-1","invoice_number":"A-0001","reason":"issued twice"}

select webhooks.trigger_inventory_low(tenant_id => '0190a5b2-0000-7000-8000-000000000001', product_id => 'prd-1',
  product_name => 'Olive oil 5 l', quantity => 2.5, threshold => 10, warehouse_id => 'wh-1');
-- {"product_id":"prd-1","product_name":"Olive oil 5 l","quantity":2.5,"threshold":10,"warehouse_id":"wh-1"}

select webhooks.trigger_inventory_updated(tenant_id => '0190a5b2-0000-7000-8000-000000000001', product_id => 'prd-1',
  product_name => 'Olive oil 5 l', quantity => 40, previous_quantity => 2.5, warehouse_id => 'wh-1', reason => 'delivery');
-- {"product_id":"prd-1","product_name":"Olive oil 5 l","quantity":40,"previous_quantity":2.5,"warehouse_id":"wh-1","reason":"delivery"}

select webhooks.trigger_document_updated(tenant_id => '0190a5b2-0000-7000-8000-000000000001', document_id => 'doc-1',
  document_type => 'contract', document_number => 'C-9', changes => '{"title":{"old":null,"new":"Lease"}}');
-- {"document_id":"doc-1","document_type":"contract","document_number":"C-9","changes":{"title":{"old":null,"new":"Lease"}}}

select webhooks.trigger_error_occurred(tenant_id => '0190a5b2-0000-7000-8000-000000000001', error_id => 'err-1',
  error_code => 'E-500', message => 'The tax office did not answer', context => '{"url":"https://tax.example/","attempt":2}');
-- {"error_id":"err-1","error_code":"E-500","message":"The tax office did not answer","context":{"url":"https://tax.example/","attempt":2}}

select webhooks.trigger_purchase_order_created(tenant_id => '0190a5b2-0000-7000-8000-000000000001', order_id => 'po-1',
  order_number => 'PO-2024-1', supplier_id => 'sup-1', supplier_name => 'Oil Mill Ltd', amount => 820.00, currency => 'EUR', items_count => 12);
-- {"order_id":"po-1","order_number":"PO-2024-1","supplier_id":"sup-1","supplier_name":"Oil Mill Ltd","amount":"820.00","currency":"EUR","items_count":12}

rollback;
