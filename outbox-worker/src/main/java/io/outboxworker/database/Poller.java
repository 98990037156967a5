package io.outboxworker.database;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repeats one step against the database on a thread of its own. The step returns how long to pause;
 * while it fails the pauses grow to {@link #LONGEST_PAUSE}, and it is never given up. Thread-safe.
 */
public final class Poller implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Poller.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private final String name;
  private final Callable<Duration> step;
  private final Thread thread;
  private final Semaphore wakeUps = new Semaphore(0);
  private volatile boolean stopping;
  private volatile long lastSuccessNanos = System.nanoTime();
  private Duration failurePause = Duration.ZERO;

  public Poller(String name, Callable<Duration> step) {
    this.name = name;
    this.step = step;
    this.thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  /** Starts the thread; returns itself. */
  public Poller start() {
    thread.start();
    return this;
  }

  /** Ends the present pause, or skips the next one. */
  public void wake() {
    if (wakeUps.availablePermits() == 0) {
      wakeUps.release();
    }
  }

  /** How long ago the step last succeeded. */
  public Duration sinceSuccess() {
    return Duration.ofNanos(System.nanoTime() - lastSuccessNanos);
  }

  /** Lets the running step end and starts no other; returns when the thread is gone. */
  @Override
  public void close() {
    stopping = true;
    wake();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (!stopping) {
      Duration pause = runStep();
      if (stopping) {
        return;
      }
      try {
        if (wakeUps.tryAcquire(pause.toNanos(), TimeUnit.NANOSECONDS)) {
          wakeUps.drainPermits();
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private Duration runStep() {
    try {
      Duration pause = step.call();
      lastSuccessNanos = System.nanoTime();
      if (!failurePause.isZero()) {
        log.atInfo().addKeyValue("loop", name).log("recovered");
        failurePause = Duration.ZERO;
      }
      return pause;
    } catch (Exception | Error e) {
      return pauseAfter(e);
    }
  }

  private Duration pauseAfter(Throwable failure) {
    failurePause =
        failurePause.isZero()
            ? FIRST_PAUSE
            : failurePause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
                ? failurePause.multipliedBy(2)
                : LONGEST_PAUSE;
    log.atWarn()
        .addKeyValue("loop", name)
        .addKeyValue("again_in_ms", failurePause.toMillis())
        .addKeyValue("error", SqlFault.describe(failure))
        .log("step failed");
    log.debug("step failed", failure);
    return failurePause;
  }
}
