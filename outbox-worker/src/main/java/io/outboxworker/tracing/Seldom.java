package io.outboxworker.tracing;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Filter;
import java.util.logging.LogRecord;

/** Lets one line a minute pass: the SDK tells of a full queue with every batch. */
final class Seldom implements Filter {
  private static final long PAUSE = Duration.ofMinutes(1).toNanos();

  private final AtomicLong next = new AtomicLong(System.nanoTime());

  @Override
  public boolean isLoggable(LogRecord line) {
    long due = next.get();
    long now = System.nanoTime();
    return now - due >= 0 && next.compareAndSet(due, now + PAUSE);
  }
}
