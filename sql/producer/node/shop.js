// Publishing with Node.js and pg: the event belongs to the transaction of the business data.
//
// Run it on a database with the worker's schema and ../shop.sql:
//     npm install
//     node shop.js postgresql://user:password@host:5432/database
'use strict';

const { Client } = require('pg');

const TENANT = '0190a5b2-0000-7000-8000-000000000001';

/** Runs work in one transaction; all its statements must go through the same client. */
async function inTransaction(db, work) {
  await db.query('begin');
  try {
    await work();
    await db.query('commit');
  } catch (e) {
    await db.query('rollback');
    throw e;
  }
}

async function createCustomer(db, id, name, email) {
  await inTransaction(db, async () => {
    await db.query('insert into shop.customer (id, name, email) values ($1, $2, $3)', [id, name, email]);
    await db.query(
      `select webhooks.trigger_customer_created(
         tenant_id => $1, customer_id => $2, customer_name => $3, customer_email => $4)`,
      [TENANT, id, name, email],
    );
  });
}

// Amounts are strings: a number of JavaScript is a binary float.
async function createOrder(db, id, number, customerId, amount, itemsCount) {
  await inTransaction(db, async () => {
    await db.query(
      `insert into shop.sales_order (id, order_number, customer_id, amount, currency, items_count)
       values ($1, $2, $3, $4, 'EUR', $5)`,
      [id, number, customerId, amount, itemsCount],
    );
    await db.query(
      `select webhooks.trigger_sales_order_created(
         tenant_id => $1, order_id => $2, order_number => $3, customer_id => $4,
         amount => $5, currency => 'EUR', items_count => $6)`,
      [TENANT, id, number, customerId, amount, itemsCount],
    );
  });
}

async function receivePayment(db, id, invoiceId, amount) {
  await inTransaction(db, async () => {
    await db.query("insert into shop.payment (id, invoice_id, amount, currency) values ($1, $2, $3, 'EUR')", [
      id,
      invoiceId,
      amount,
    ]);
    await db.query(
      `select webhooks.trigger_payment_received(
         tenant_id => $1, payment_id => $2, invoice_id => $3, amount => $4, currency => 'EUR')`,
      [TENANT, id, invoiceId, amount],
    );
  });
}

/** An event of your own. JSON.stringify, because pg would send an array as a PostgreSQL array. */
async function shipOrder(db, id) {
  await inTransaction(db, async () => {
    await db.query('update shop.sales_order set shipped = true where id = $1', [id]);
    const data = JSON.stringify({ order_id: id, parcels: 2 });
    const { rows } = await db.query('select webhooks.publish($1, $2, $3, $4) as event_id', [
      TENANT,
      'sales_order.shipped',
      id,
      data,
    ]);
    console.log(`published ${rows[0].event_id}`);
  });
}

async function main(url) {
  const db = new Client({ connectionString: url });
  await db.connect();
  try {
    await createCustomer(db, 'cus-1', 'Zoë Brontë', 'zoe@example.com');
    await createOrder(db, 'ord-1', 'SO-1', 'cus-1', '99.90', 3);
    await receivePayment(db, 'pay-1', 'inv-1', '1500.00');
    await shipOrder(db, 'ord-1');
    try {
      await receivePayment(db, 'pay-2', 'no-such-invoice', '20.00');
    } catch (e) {
      if (e.code !== '23503') throw e;
      console.log(`no payment, and so no event: ${e.message}`);
    }
  } finally {
    await db.end();
  }
}

main(process.argv[2]).catch((e) => {
  console.error(e);
  process.exitCode = 1;
});
