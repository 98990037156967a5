package io.outboxworker.api;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What is known of tokens, and since when. Where it is full and all in it is fresh, what is new is
 * not remembered. Thread-safe.
 */
final class Memory<V> {
  private static final int MOST = 10_000;

  private record Entry<V>(V value, long nanos) {}

  private final Map<String, Entry<V>> entries = new ConcurrentHashMap<>();
  private final long freshNanos;

  /**
   * @param fresh how long a value is good
   */
  Memory(Duration fresh) {
    this.freshNanos = fresh.toNanos();
  }

  /** The value of a token; null where none is known, or none that is still good. */
  @Nullable V fresh(String token) {
    Entry<V> entry = entries.get(token);
    return entry != null && System.nanoTime() - entry.nanos < freshNanos ? entry.value : null;
  }

  /** The same, however long ago that was. */
  @Nullable V last(String token) {
    Entry<V> entry = entries.get(token);
    return entry == null ? null : entry.value;
  }

  void put(String token, V value) {
    long now = System.nanoTime();
    if (entries.size() >= MOST) {
      entries.values().removeIf(entry -> now - entry.nanos > freshNanos);
    }
    if (entries.size() < MOST) {
      entries.put(token, new Entry<>(value, now));
    }
  }

  void forget(String token) {
    entries.remove(token);
  }
}
