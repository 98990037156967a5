"""Publishing with SQLAlchemy 2: the event belongs to the session's transaction.

Run it on a database with the worker's schema and ../shop.sql:
    pip install -r requirements.txt
    python shop.py postgresql://user:password@host:5432/database
"""

import sys
from decimal import Decimal
from uuid import UUID

from sqlalchemy import JSON, FetchedValue, String, create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

TENANT = UUID("0190a5b2-0000-7000-8000-000000000001")


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"
    __table_args__ = {"schema": "shop"}
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]


class SalesOrder(Base):
    __tablename__ = "sales_order"
    __table_args__ = {"schema": "shop"}
    id: Mapped[str] = mapped_column(primary_key=True)
    order_number: Mapped[str]
    customer_id: Mapped[str]
    amount: Mapped[Decimal]
    currency: Mapped[str]
    items_count: Mapped[int]
    shipped: Mapped[bool] = mapped_column(default=False)


class Payment(Base):
    __tablename__ = "payment"
    __table_args__ = {"schema": "shop"}
    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str]
    amount: Mapped[Decimal]
    currency: Mapped[str]


class OutboxEvent(Base):
    """An event as a row that is only ever inserted; PostgreSQL makes the id, RETURNING reads it back."""

    __tablename__ = "outbox"
    __table_args__ = {"schema": "webhooks"}
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    tenant_id: Mapped[UUID]
    event: Mapped[str]
    resource_id: Mapped[str]
    data: Mapped[dict] = mapped_column(JSON(none_as_null=True))


def trigger(db, function, **arguments):
    """Calls one of the webhooks.trigger_ functions; the names of functions and arguments come from code."""
    named = ", ".join(f"{name} => :{name}" for name in arguments)
    db.execute(text(f"select webhooks.trigger_{function}({named})"), arguments)


def create_customer(db, customer_id, name, email):
    db.add(Customer(id=customer_id, name=name, email=email))
    trigger(
        db,
        "customer_created",
        tenant_id=TENANT,
        customer_id=customer_id,
        customer_name=name,
        customer_email=email,
    )
    db.commit()


def create_order(db, order_id, number, customer_id, amount: Decimal, items_count):
    db.add(
        SalesOrder(
            id=order_id,
            order_number=number,
            customer_id=customer_id,
            amount=amount,
            currency="EUR",
            items_count=items_count,
        )
    )
    trigger(
        db,
        "sales_order_created",
        tenant_id=TENANT,
        order_id=order_id,
        order_number=number,
        customer_id=customer_id,
        amount=amount,
        currency="EUR",
        items_count=items_count,
    )
    db.commit()


def receive_payment(db, payment_id, invoice_id, amount: Decimal):
    db.add(Payment(id=payment_id, invoice_id=invoice_id, amount=amount, currency="EUR"))
    trigger(
        db,
        "payment_received",
        tenant_id=TENANT,
        payment_id=payment_id,
        invoice_id=invoice_id,
        amount=amount,
        currency="EUR",
    )
    db.commit()


def ship_order(db, order_id):
    """An event of your own, as an object of the session."""
    db.get_one(SalesOrder, order_id).shipped = True
    event = OutboxEvent(
        tenant_id=TENANT,
        event="sales_order.shipped",
        resource_id=order_id,
        data={"order_id": order_id, "parcels": 2},
    )
    db.add(event)
    db.flush()
    print(f"published {event.id}")
    db.commit()


def main(url):
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    # expire_on_commit would read the event again, which a producer may not and need not do.
    with Session(engine, expire_on_commit=False) as db:
        create_customer(db, "cus-1", "Zoë Brontë", "zoe@example.com")
        create_order(db, "ord-1", "SO-1", "cus-1", Decimal("99.90"), 3)
        receive_payment(db, "pay-1", "inv-1", Decimal("1500.00"))
        ship_order(db, "ord-1")
        try:
            receive_payment(db, "pay-2", "no-such-invoice", Decimal("20.00"))
        except IntegrityError as e:
            db.rollback()
            print(f"no payment, and so no event: {e.orig.diag.message_primary}")


if __name__ == "__main__":
    main(sys.argv[1])
