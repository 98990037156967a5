package io.outboxworker.delivery;

/**
 * At most so many POSTs of a subscription in a second: a token bucket that holds a tenth of a
 * second's worth, so that no second sees more than a tenth above the limit. Each worker has its
 * own. Guarded by the lock of {@link Lanes}.
 */
final class Pace {
  private static final int BURSTS_PER_SECOND = 10;

  final int perSecond;
  private final long nanosEach;
  private final long nanosFull;
  // When the bucket was or will be empty, had nothing been taken since: later with each token.
  private long emptyAtNanos;

  Pace(int perSecond, long now) {
    this.perSecond = perSecond;
    this.nanosEach = 1_000_000_000L / perSecond;
    this.nanosFull = nanosEach * Math.max(1, perSecond / BURSTS_PER_SECOND);
    this.emptyAtNanos = now - nanosFull;
  }

  /** How many may start now. */
  int available(long now) {
    return (int) (saved(now) / nanosEach);
  }

  /** Takes one that is available. */
  void take(long now) {
    emptyAtNanos = now - saved(now) + nanosEach;
  }

  /** How long until half of what it can hold is available. */
  long untilWorthwhileNanos(long now) {
    long half = Math.max(nanosEach, nanosFull / 2 / nanosEach * nanosEach);
    return Math.max(0, half - saved(now));
  }

  /** How long until one is available. */
  long untilNextNanos(long now) {
    return Math.max(0, nanosEach - saved(now));
  }

  private long saved(long now) {
    return Math.min(nanosFull, now - emptyAtNanos);
  }
}
