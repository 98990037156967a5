package io.outboxworker.database;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Rows that failed alone, and are left alone for a while so that others come: for a minute, and
 * longer where they are many, since to find each of them out again takes time from all others.
 * Thread-safe.
 */
public final class PassedOver {
  private static final Duration LENGTH = Duration.ofMinutes(1);
  private static final int MANY = 500;

  private final Map<UUID, Long> untilNanos = new ConcurrentHashMap<>();

  /** From now on; returns for how long. */
  public Duration add(UUID id) {
    Duration length = LENGTH.multipliedBy(1 + untilNanos.size() / MANY);
    untilNanos.put(id, System.nanoTime() + length.toNanos());
    return length;
  }

  /** Whether it is one of them now. */
  public boolean contains(UUID id) {
    Long until = untilNanos.get(id);
    return until != null && System.nanoTime() - until <= 0;
  }

  /** Ends it. */
  public void remove(UUID id) {
    untilNanos.remove(id);
  }

  /** Those of this moment. */
  public List<UUID> ids() {
    long now = System.nanoTime();
    untilNanos.values().removeIf(until -> now - until > 0);
    return List.copyOf(untilNanos.keySet());
  }
}
