// The worker's POST, headers and signatures included, by the fastest HTTP client of Node.js.
import { createHmac } from 'node:crypto';
import { Pool } from 'undici';

const { RECEIVER, TENANTS, PER_TENANT, IN_FLIGHT } = process.env;
const receiver = new URL(RECEIVER);
const pool = new Pool(receiver.origin, { connections: Number(IN_FLIGHT), pipelining: 1 });

const keys = [];
for (let n = 0; n < Number(TENANTS) * Number(PER_TENANT); n++) {
  const key = Buffer.alloc(32);
  key.writeInt32BE(n, 28);
  keys.push({ key, text: 'whsec_' + key.toString('base64') });
}

export async function post({ id, seq, data }) {
  const tenant = seq % Number(TENANTS);
  const subscription = tenant * Number(PER_TENANT);
  const now = new Date();
  const body =
    `{"event":"invoice.created","resource_type":"invoice","resource_id":"inv-${seq}",` +
    `"timestamp":"${now.toISOString().slice(0, -1)}000Z","data":${data},` +
    `"metadata":{"tenant_id":"00000000-0000-7000-8000-${tenant.toString(16).padStart(12, '0')}",` +
    `"source":"gestiqcloud","version":"1.0"}}`;
  const seconds = Math.floor(now.getTime() / 1000);
  const { key, text } = keys[subscription];
  const answer = await pool.request({
    method: 'POST',
    path: '/' + subscription,
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'benchmark',
      'X-Webhook-Event': 'invoice.created',
      'X-Webhook-Delivery': id,
      'X-Webhook-Attempt': '1',
      'X-Signature': 'sha256=' + createHmac('sha256', text).update(body).digest('hex'),
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature':
        'v1,' + createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest('base64'),
    },
    body,
    headersTimeout: 10_000,
  });
  await answer.body.dump();
  if (answer.statusCode >= 300) throw new Error('HTTP ' + answer.statusCode);
}
