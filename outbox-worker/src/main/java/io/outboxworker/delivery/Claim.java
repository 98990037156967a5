package io.outboxworker.delivery;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A delivery that is leased to this worker for one attempt.
 *
 * @param attempts how many were made before
 * @param token what every later write to the row must carry
 * @param leaseEndsNanos when the lease ends, by {@link System#nanoTime()} from before it was asked
 *     for, so that this worker always thinks it over before the database does
 * @param history what the attempts before saw, as a JSON array; null before the first
 * @param suspect whether it was claimed twice without a result
 */
public record Claim(
    UUID id,
    UUID subscriptionId,
    Message message,
    int attempts,
    long token,
    long leaseEndsNanos,
    @Nullable String history,
    boolean suspect) {

  int attempt() {
    return attempts + 1;
  }

  boolean isRetry() {
    return attempts > 0;
  }
}
