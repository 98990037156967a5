package io.outboxworker.webhook;

import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.RejectedExecutionException;

/**
 * The few threads that all sends of a sender share: nothing on them waits for the network. What one
 * of them hands on it does itself, at once, since each hand-over to another thread costs about as
 * much as signing a body.
 */
final class Threads implements Executor, AutoCloseable {
  private static final int AT_LEAST = 2;

  private final ForkJoinPool pool =
      new ForkJoinPool(
          Math.max(AT_LEAST, Runtime.getRuntime().availableProcessors()),
          ForkJoinPool.defaultForkJoinWorkerThreadFactory,
          null,
          // First come, first served, also among what these threads hand to each other.
          true);

  /** Runs a task at once where this is one of the threads, else on one of them. */
  @Override
  public void execute(Runnable task) {
    if (pool.equals(ForkJoinTask.getPool())) {
      task.run();
    } else {
      pool.execute(Destination.carriedBy(task));
    }
  }

  /** Runs a task after what waits already, never at once; not at all once this is closed. */
  void later(Runnable task) {
    try {
      pool.execute(task);
    } catch (RejectedExecutionException e) {
      // Closed meanwhile: what was to be sent is sent by whoever gets its lease.
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
