package io.outboxworker.api;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How often something may happen for each of many keys: so many times a second on average, and more
 * of them at once. Counted by each worker for itself. Thread-safe.
 */
final class RateLimit {
  private static final int SWEEP_EVERY = 10_000;

  /** What a key has left at one moment, and whether it was granted what it asked for then. */
  private record Bucket(double left, long nanos, boolean granted) {}

  private final double perNano;
  private final double capacity;
  private final String refused;
  private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();
  private final AtomicInteger taken = new AtomicInteger();

  /**
   * @param refused what somebody is told who asks for more
   */
  RateLimit(double perSecond, double atOnce, String refused) {
    perNano = perSecond / Duration.ofSeconds(1).toNanos();
    capacity = Math.max(1, atOnce);
    this.refused = refused;
  }

  /** Throws a 429 that says when to come back where nothing is left, and counts nothing. */
  void check(String key) {
    Bucket bucket = buckets.get(key);
    if (bucket != null) {
      double left = filled(bucket, System.nanoTime());
      if (left < 1) {
        throw refusal(left);
      }
    }
  }

  /** Counts one; a 429 that says when to come back where there have been too many. */
  void take(String key) {
    long now = System.nanoTime();
    if (taken.incrementAndGet() % SWEEP_EVERY == 0) {
      buckets.values().removeIf(bucket -> filled(bucket, now) >= capacity);
    }
    Bucket bucket = buckets.compute(key, (same, before) -> next(before, now));
    if (!bucket.granted) {
      throw refusal(bucket.left);
    }
  }

  private Bucket next(@Nullable Bucket before, long now) {
    double left = before == null ? capacity : filled(before, now);
    return left >= 1 ? new Bucket(left - 1, now, true) : new Bucket(left, now, false);
  }

  private double filled(Bucket bucket, long now) {
    return Math.min(capacity, bucket.left + Math.max(0, now - bucket.nanos) * perNano);
  }

  private Problem refusal(double left) {
    long seconds = (long) Math.ceil((1 - left) / perNano / 1e9);
    return Problem.of(
        Problem.Kind.TOO_MANY_REQUESTS,
        refused,
        "Retry-After",
        String.valueOf(Math.max(1, seconds)));
  }
}
