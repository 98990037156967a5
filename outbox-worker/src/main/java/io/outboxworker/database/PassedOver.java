package io.outboxworker.database;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** Rows that failed alone, and are left alone for a minute so that others come. Thread-safe. */
public final class PassedOver {
  /** How long, before they are tried again. */
  public static final Duration LENGTH = Duration.ofMinutes(1);

  private final Map<UUID, Long> untilNanos = new ConcurrentHashMap<>();

  /** From now on for so long; false where it is passed over already, and stays so as it was. */
  public boolean add(UUID id) {
    return !ids().contains(id)
        && untilNanos.putIfAbsent(id, System.nanoTime() + LENGTH.toNanos()) == null;
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
