// graphile-worker as its documentation recommends it for throughput: local queue and batched completions.
import { run, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { post } from './post.js';

const pgPool = new pg.Pool({ connectionString: process.env.DATABASE, max: 10, options: '-c synchronous_commit=off' });

if (process.argv[2] === 'migrate') {
  await runMigrations({ pgPool });
  await pgPool.end();
} else {
  const runner = await run({
    pgPool,
    taskList: { deliver: (job) => post(job) },
    noPreparedStatements: false,
    noHandleSignals: false,
    preset: {
      worker: {
        concurrentJobs: Number(process.env.IN_FLIGHT),
        pollInterval: 100,
        localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
        completeJobBatchDelay: 5,
        failJobBatchDelay: 5,
      },
    },
  });
  await runner.promise;
}
