package io.outboxworker.database;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;

/**
 * Rows that failed alone, and are left alone for a while so that others come: for a minute, and
 * longer where they are many, since to find each of them out again takes time from all others.
 * Thread-safe.
 */
public final class PassedOver {
  private static final Duration LENGTH = Duration.ofMinutes(1);
  private static final int MANY = 500;

  /** Each statement is told all of them. */
  private static final int MOST = 20_000;

  private final Map<UUID, Long> untilNanos = new ConcurrentHashMap<>();

  /** From now on; returns for how long, which is not at all beyond 20,000 of them. */
  public Duration add(UUID id) {
    int size = untilNanos.size();
    if (size >= MOST) {
      return Duration.ZERO;
    }
    Duration length = LENGTH.multipliedBy(1 + size / MANY);
    untilNanos.put(id, System.nanoTime() + length.toNanos());
    return length;
  }

  /**
   * The same, told to the log of who found it out.
   *
   * @param key what its id is called there
   */
  public void add(UUID id, RuntimeException fault, Logger log, String key, String message) {
    log.atError()
        .addKeyValue(key, id)
        .addKeyValue("again_in_s", add(id).toSeconds())
        .addKeyValue("error", SqlFault.describe(fault))
        .log(message);
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
