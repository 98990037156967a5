// pg-boss with large batches, so that its polling interval of half a second does not bound it.
import PgBoss from 'pg-boss';
import { post } from './post.js';

const WORKERS = 8;
const boss = new PgBoss({
  connectionString: process.env.DATABASE,
  max: 10,
  options: '-c synchronous_commit=off',
});
boss.on('error', (error) => console.error(error));
await boss.start();

if (process.argv[2] === 'migrate') {
  await boss.createQueue('deliver', { retryLimit: 3, retryDelay: 1, retryBackoff: true });
  await boss.stop({ graceful: false });
  process.exit(0);
}

// A batch succeeds or fails as one, so each job of it settles by itself.
const settle = async (job) => {
  try {
    await post(job.data);
  } catch (error) {
    await boss.fail('deliver', job.id, { message: String(error) });
  }
};
for (let n = 0; n < WORKERS; n++) {
  await boss.work('deliver', { batchSize: 500, pollingIntervalSeconds: 0.5 }, (jobs) => Promise.all(jobs.map(settle)));
}
