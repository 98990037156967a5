"""Publishing with psycopg 3: the event belongs to the transaction of the business data.

Run it on a database with the worker's schema and ../shop.sql:
    pip install -r requirements.txt
    python shop.py postgresql://user:password@host:5432/database
"""

import sys
from decimal import Decimal
from uuid import UUID

import psycopg
from psycopg.types.json import Json

TENANT = UUID("0190a5b2-0000-7000-8000-000000000001")


def create_customer(db, customer_id, name, email):
    db.execute(
        "insert into shop.customer (id, name, email) values (%s, %s, %s)",
        (customer_id, name, email),
    )
    db.execute(
        """
        select webhooks.trigger_customer_created(
          tenant_id => %s, customer_id => %s, customer_name => %s, customer_email => %s)
        """,
        (TENANT, customer_id, name, email),
    )
    db.commit()


def create_order(db, order_id, number, customer_id, amount: Decimal, items_count):
    db.execute(
        """
        insert into shop.sales_order (id, order_number, customer_id, amount, currency, items_count)
        values (%s, %s, %s, %s, 'EUR', %s)
        """,
        (order_id, number, customer_id, amount, items_count),
    )
    db.execute(
        """
        select webhooks.trigger_sales_order_created(
          tenant_id => %s, order_id => %s, order_number => %s, customer_id => %s,
          amount => %s, currency => 'EUR', items_count => %s)
        """,
        (TENANT, order_id, number, customer_id, amount, items_count),
    )
    db.commit()


def receive_payment(db, payment_id, invoice_id, amount: Decimal):
    db.execute(
        "insert into shop.payment (id, invoice_id, amount, currency) values (%s, %s, %s, 'EUR')",
        (payment_id, invoice_id, amount),
    )
    db.execute(
        """
        select webhooks.trigger_payment_received(
          tenant_id => %s, payment_id => %s, invoice_id => %s, amount => %s, currency => 'EUR')
        """,
        (TENANT, payment_id, invoice_id, amount),
    )
    db.commit()


def ship_order(db, order_id):
    """An event of your own: a plain INSERT does, and so does webhooks.publish."""
    db.execute("update shop.sales_order set shipped = true where id = %s", (order_id,))
    db.execute(
        "insert into webhooks.outbox (tenant_id, event, resource_id, data) values (%s, %s, %s, %s)",
        (TENANT, "sales_order.shipped", order_id, Json({"order_id": order_id, "parcels": 2})),
    )
    db.commit()


def main(url):
    with psycopg.connect(url) as db:
        create_customer(db, "cus-1", "Zoë Brontë", "zoe@example.com")
        create_order(db, "ord-1", "SO-1", "cus-1", Decimal("99.90"), 3)
        receive_payment(db, "pay-1", "inv-1", Decimal("1500.00"))
        ship_order(db, "ord-1")
        try:
            receive_payment(db, "pay-2", "no-such-invoice", Decimal("20.00"))
        except psycopg.errors.ForeignKeyViolation as e:
            db.rollback()
            print(f"no payment, and so no event: {e.diag.message_primary}")


if __name__ == "__main__":
    main(sys.argv[1])
