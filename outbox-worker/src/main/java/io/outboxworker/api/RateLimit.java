package io.outboxworker.api;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How often each token may call: so many a second on average, and 2.5 times that at once. Counted
 * by each worker for itself. Thread-safe.
 */
final class RateLimit {
  private static final double BURST_SECONDS = 2.5;
  private static final int SWEEP_EVERY = 10_000;

  /** What a token has left at one moment, and whether the call of that moment was granted. */
  private record Bucket(double tokens, long nanos, boolean granted) {}

  private final double perNano;
  private final double capacity;
  private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();
  private final AtomicInteger taken = new AtomicInteger();

  RateLimit(int requestsPerSecond) {
    perNano = requestsPerSecond / (double) Duration.ofSeconds(1).toNanos();
    capacity = Math.max(1, requestsPerSecond * BURST_SECONDS);
  }

  /** Counts one call; a 429 that says when to come back where there have been too many. */
  void take(String key) {
    long now = System.nanoTime();
    if (taken.incrementAndGet() % SWEEP_EVERY == 0) {
      buckets.values().removeIf(bucket -> filled(bucket, now) >= capacity);
    }
    Bucket bucket = buckets.compute(key, (same, before) -> next(before, now));
    if (!bucket.granted) {
      throw refusal(bucket.tokens);
    }
  }

  private Bucket next(@Nullable Bucket before, long now) {
    double tokens = before == null ? capacity : filled(before, now);
    return tokens >= 1 ? new Bucket(tokens - 1, now, true) : new Bucket(tokens, now, false);
  }

  private double filled(Bucket bucket, long now) {
    return Math.min(capacity, bucket.tokens + Math.max(0, now - bucket.nanos) * perNano);
  }

  private Problem refusal(double left) {
    long seconds = (long) Math.ceil((1 - left) / perNano / 1e9);
    return Problem.of(
        Problem.Kind.TOO_MANY_REQUESTS,
        "this token may call %.0f times at once and %.0f times a second"
            .formatted(capacity, perNano * 1e9),
        "Retry-After",
        String.valueOf(Math.max(1, seconds)));
  }
}
