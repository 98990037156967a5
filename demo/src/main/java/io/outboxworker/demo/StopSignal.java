package io.outboxworker.demo;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * SIGTERM and Ctrl-C: whoever waits here is woken, may clean up until {@link #close}, and then the
 * process ends with 0. Thread-safe.
 */
final class StopSignal implements AutoCloseable {

  /** The worker's shutdown limit, PostgreSQL's, and a margin. */
  private static final Duration CLEAN_UP_LIMIT = Duration.ofSeconds(30);

  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch cleanedUp = new CountDownLatch(1);
  private final Thread hook = new Thread(this::endProcess, "stop");

  /** Listens from now on. */
  StopSignal() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  boolean isAsked() {
    return asked.getCount() == 0;
  }

  /** Asks to stop as a signal would, but the process goes on. */
  void ask() {
    asked.countDown();
  }

  /** Waits; true as soon as the demo is to stop. */
  boolean await(Duration limit) throws InterruptedException {
    return asked.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Says that everything is cleaned up. */
  @Override
  public void close() {
    cleanedUp.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already, by this very hook.
    }
  }

  /** Without the halt, a JVM that got a signal would end with 143 or 130 however clean its end. */
  private void endProcess() {
    asked.countDown();
    try {
      boolean clean = cleanedUp.await(CLEAN_UP_LIMIT.toNanos(), TimeUnit.NANOSECONDS);
      Runtime.getRuntime().halt(clean ? 0 : 1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
