-- How applications publish: inside their own transaction, so that an event exists exactly when the business data does.
-- docs/producing.md explains it to them. V8 says who may run what.

create function webhooks.publish(
  tenant_id uuid, event text, resource_id text, data json, resource_type text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    declare
      event_id uuid;
    begin
      insert into outbox (tenant_id, event, resource_type, resource_id, data)
      values (tenant_id, event, resource_type, resource_id, data)
      returning id into event_id;
      return event_id;
    end
  $$;

-- Drivers that send every parameter as a string would not find the function above. These two parse what they were
-- given, and say which argument is wrong where it can't be parsed.
create function webhooks.publish(
  tenant_id uuid, event text, resource_id text, data text, resource_type text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    declare
      parsed json;
      fault text;
    begin
      begin
        parsed := data::json;
      exception
        when invalid_text_representation then
          get stacked diagnostics fault = pg_exception_detail;
          raise exception 'data must be a JSON object, this is not JSON: %', left(data, 100)
            using errcode = 'invalid_text_representation', detail = fault,
              hint = 'Serialize the object with the JSON library of your language.';
      end;
      return publish(tenant_id, event, resource_id, parsed, resource_type);
    end
  $$;

create function webhooks.publish(
  tenant_id text, event text, resource_id text, data text, resource_type text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    declare
      tenant uuid;
    begin
      begin
        tenant := tenant_id::uuid;
      exception
        when invalid_text_representation then
          raise exception 'tenant_id must be a UUID, this is not one: %', left(tenant_id, 100)
            using errcode = 'invalid_text_representation';
      end;
      return publish(tenant, event, resource_id, data, resource_type);
    end
  $$;

comment on function webhooks.publish(uuid, text, text, json, text) is
  'inserts an event into the outbox as part of the running transaction and returns its id';
comment on function webhooks.publish(uuid, text, text, text, text) is 'the same for drivers that send JSON as a string';
comment on function webhooks.publish(text, text, text, text, text) is 'the same for drivers that send strings only';

-- One function per event of the catalogue. The helpers make one member of data each, "name":value without a space, or
-- null where the argument is null: then the member is left out. What the caller gives as json stays as it is, byte for byte.
create function webhooks.member(name text, value text) returns text
  language sql stable parallel safe
  return '"' || name || '":' || to_json(value);

create function webhooks.member(name text, value json) returns text
  language sql immutable parallel safe
  return '"' || name || '":' || value::text;

create function webhooks.member_number(name text, value numeric) returns text
  language plpgsql immutable parallel safe set search_path = webhooks, pg_temp
  as $$
    begin
      if value in ('NaN', 'Infinity', '-Infinity') then
        raise exception '% must be a finite number, this is %', name, value using errcode = 'numeric_value_out_of_range';
      end if;
      return '"' || name || '":' || value;
    end
  $$;

-- A string, because many JSON readers turn a number into a binary float, which has no 0.10.
create function webhooks.member_amount(name text, value numeric) returns text
  language plpgsql immutable parallel safe set search_path = webhooks, pg_temp
  as $$
    begin
      if value in ('NaN', 'Infinity', '-Infinity') then
        raise exception '% must be a finite number, this is %', name, value using errcode = 'numeric_value_out_of_range';
      end if;
      return '"' || name || '":"' || value || '"';
    end
  $$;

create function webhooks.member_time(name text, value timestamptz) returns text
  language plpgsql stable parallel safe set search_path = webhooks, pg_temp
  as $$
    begin
      if value < '0001-01-01T00:00:00Z' or value >= '10000-01-01T00:00:00Z' then
        raise exception '% must be a time between the years 1 and 9999, this is %', name, value
          using errcode = 'datetime_field_overflow';
      end if;
      return '"' || name || '":"' || to_char(value at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"';
    end
  $$;

create function webhooks.publish_members(
  tenant_id uuid, event text, id_name text, id text, variadic members text[]
) returns uuid
  language plpgsql set search_path = webhooks, pg_temp
  as $$
    begin
      if tenant_id is null then
        raise exception 'tenant_id must not be null' using errcode = 'null_value_not_allowed';
      end if;
      if id is null or id = '' then
        raise exception '% must not be null or empty', id_name using errcode = 'null_value_not_allowed',
          hint = format('%s is the resource_id of the event %s.', id_name, event);
      end if;
      return publish(tenant_id, event, id,
        ('{' || array_to_string(member(id_name, id) || members, ',') || '}')::json);
    end
  $$;

create function webhooks.trigger_payment_received(
  tenant_id uuid, payment_id text, invoice_id text default null, amount numeric default null,
  currency text default null, payment_method text default null, reference_number text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'payment.received', 'payment_id', payment_id,
        member('invoice_id', invoice_id), member_amount('amount', amount), member('currency', currency),
        member('payment_method', payment_method), member('reference_number', reference_number));
    end
  $$;

create function webhooks.trigger_payment_failed(
  tenant_id uuid, payment_id text, invoice_id text default null, amount numeric default null,
  currency text default null, reason text default null, error_code text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'payment.failed', 'payment_id', payment_id,
        member('invoice_id', invoice_id), member_amount('amount', amount), member('currency', currency),
        member('reason', reason), member('error_code', error_code));
    end
  $$;

create function webhooks.trigger_customer_created(
  tenant_id uuid, customer_id text, customer_name text default null, customer_email text default null,
  customer_phone text default null, customer_type text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'customer.created', 'customer_id', customer_id,
        member('customer_name', customer_name), member('customer_email', customer_email),
        member('customer_phone', customer_phone), member('customer_type', customer_type));
    end
  $$;

create function webhooks.trigger_customer_updated(
  tenant_id uuid, customer_id text, customer_name text default null, customer_email text default null,
  customer_phone text default null, changes json default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'customer.updated', 'customer_id', customer_id,
        member('customer_name', customer_name), member('customer_email', customer_email),
        member('customer_phone', customer_phone), member('changes', changes));
    end
  $$;

create function webhooks.trigger_sales_order_created(
  tenant_id uuid, order_id text, order_number text default null, customer_id text default null,
  customer_name text default null, amount numeric default null, currency text default null,
  items_count int default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'sales_order.created', 'order_id', order_id,
        member('order_number', order_number), member('customer_id', customer_id),
        member('customer_name', customer_name), member_amount('amount', amount), member('currency', currency),
        member_number('items_count', items_count));
    end
  $$;

create function webhooks.trigger_sales_order_confirmed(
  tenant_id uuid, order_id text, order_number text default null, customer_id text default null,
  customer_name text default null, amount numeric default null, currency text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'sales_order.confirmed', 'order_id', order_id,
        member('order_number', order_number), member('customer_id', customer_id),
        member('customer_name', customer_name), member_amount('amount', amount), member('currency', currency));
    end
  $$;

create function webhooks.trigger_sales_order_cancelled(
  tenant_id uuid, order_id text, order_number text default null, reason text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'sales_order.cancelled', 'order_id', order_id,
        member('order_number', order_number), member('reason', reason));
    end
  $$;

create function webhooks.trigger_invoice_created(
  tenant_id uuid, invoice_id text, invoice_number text default null, amount numeric default null,
  currency text default null, customer_name text default null, status text default null,
  created_at timestamptz default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'invoice.created', 'invoice_id', invoice_id,
        member('invoice_number', invoice_number), member_amount('amount', amount), member('currency', currency),
        member('customer_name', customer_name), member('status', status), member_time('created_at', created_at));
    end
  $$;

create function webhooks.trigger_invoice_sent(
  tenant_id uuid, invoice_id text, invoice_number text default null, amount numeric default null,
  currency text default null, customer_name text default null, customer_email text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'invoice.sent', 'invoice_id', invoice_id,
        member('invoice_number', invoice_number), member_amount('amount', amount), member('currency', currency),
        member('customer_name', customer_name), member('customer_email', customer_email));
    end
  $$;

create function webhooks.trigger_invoice_authorized(
  tenant_id uuid, invoice_id text, invoice_number text default null, amount numeric default null,
  currency text default null, authorization_number text default null, authorized_at timestamptz default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'invoice.authorized', 'invoice_id', invoice_id,
        member('invoice_number', invoice_number), member_amount('amount', amount), member('currency', currency),
        member('authorization_number', authorization_number), member_time('authorized_at', authorized_at));
    end
  $$;

create function webhooks.trigger_invoice_rejected(
  tenant_id uuid, invoice_id text, invoice_number text default null, reason text default null,
  error_code text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'invoice.rejected', 'invoice_id', invoice_id,
        member('invoice_number', invoice_number), member('reason', reason), member('error_code', error_code));
    end
  $$;

create function webhooks.trigger_invoice_cancelled(
  tenant_id uuid, invoice_id text, invoice_number text default null, reason text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'invoice.cancelled', 'invoice_id', invoice_id,
        member('invoice_number', invoice_number), member('reason', reason));
    end
  $$;

create function webhooks.trigger_inventory_low(
  tenant_id uuid, product_id text, product_name text default null, quantity numeric default null,
  threshold numeric default null, warehouse_id text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'inventory.low', 'product_id', product_id,
        member('product_name', product_name), member_number('quantity', quantity),
        member_number('threshold', threshold), member('warehouse_id', warehouse_id));
    end
  $$;

create function webhooks.trigger_inventory_updated(
  tenant_id uuid, product_id text, product_name text default null, quantity numeric default null,
  previous_quantity numeric default null, warehouse_id text default null, reason text default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'inventory.updated', 'product_id', product_id,
        member('product_name', product_name), member_number('quantity', quantity),
        member_number('previous_quantity', previous_quantity), member('warehouse_id', warehouse_id),
        member('reason', reason));
    end
  $$;

create function webhooks.trigger_document_updated(
  tenant_id uuid, document_id text, document_type text default null, document_number text default null,
  changes json default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'document.updated', 'document_id', document_id,
        member('document_type', document_type), member('document_number', document_number), member('changes', changes));
    end
  $$;

create function webhooks.trigger_error_occurred(
  tenant_id uuid, error_id text, error_code text default null, message text default null, context json default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'error.occurred', 'error_id', error_id,
        member('error_code', error_code), member('message', message), member('context', context));
    end
  $$;

create function webhooks.trigger_purchase_order_created(
  tenant_id uuid, order_id text, order_number text default null, supplier_id text default null,
  supplier_name text default null, amount numeric default null, currency text default null,
  items_count int default null
) returns uuid
  language plpgsql security definer set search_path = webhooks, pg_temp
  as $$
    begin
      return publish_members(tenant_id, 'purchase_order.created', 'order_id', order_id,
        member('order_number', order_number), member('supplier_id', supplier_id),
        member('supplier_name', supplier_name), member_amount('amount', amount), member('currency', currency),
        member_number('items_count', items_count));
    end
  $$;
