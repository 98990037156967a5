package io.outboxworker.delivery;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The claims of a lane that have not started, in the order in which they will: retries before first
 * attempts. Guarded by the lock of {@link Lanes}.
 */
final class HeldClaims {
  private final Deque<Claim> retries = new ArrayDeque<>();
  private final Deque<Claim> firsts = new ArrayDeque<>();

  void add(Claim claim) {
    queueOf(claim).add(claim);
  }

  /** It comes before all that are like it. */
  void putBack(Claim claim) {
    queueOf(claim).addFirst(claim);
  }

  @Nullable Claim next() {
    @Nullable Claim retry = retries.peek();
    return retry == null ? firsts.peek() : retry;
  }

  /** Takes {@link #next} out. */
  void removeNext() {
    (retries.isEmpty() ? firsts : retries).remove();
  }

  int retries() {
    return retries.size();
  }

  int all() {
    return retries.size() + firsts.size();
  }

  private Deque<Claim> queueOf(Claim claim) {
    return claim.isRetry() || claim.suspect() ? retries : firsts;
  }
}
