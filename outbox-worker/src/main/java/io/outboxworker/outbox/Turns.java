package io.outboxworker.outbox;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/**
 * Whose turn it is: which rows the next fan-out takes, so that nobody waits for the end of a
 * backlog. The oldest come first; while more waits than a batch holds, the newest and the oldest
 * take turns, and all tenants that don't flood come in between, wherever their events lie.
 */
final class Turns {
  private static final Duration LOW_WATER_LAG = Duration.ofSeconds(2);
  private static final Duration FROM_ZERO_EVERY = Duration.ofSeconds(1);
  private static final Duration OTHERS_EVERY = Duration.ofMillis(15);

  /** The pick of others reads past the flood: it must not take most of the time. */
  private static final int OTHERS_SHARE = 3;

  /** Where it reads past all of the flood, it must take even less. */
  private static final int OTHERS_SHARE_FROM_ZERO = 20;

  private static final UUID ZERO = new UUID(0, 0);

  private UUID lowWater = ZERO;
  private UUID lowWaterOfOthers = ZERO;
  private long fromZeroAtNanos = System.nanoTime();
  private long othersFromZeroAtNanos = System.nanoTime();
  private long othersAtNanos;
  private boolean newestNext;
  private boolean behind;
  private final Set<UUID> flooding = new HashSet<>();

  /** Whether more waits than the last batch held. */
  boolean isBehind() {
    return behind;
  }

  /** Whether it is time to look for the events of those who don't flood. */
  boolean isForOthers() {
    return untilOthersNanos() <= 0;
  }

  /** How long until then. */
  long untilOthersNanos() {
    return behind && !flooding.isEmpty() ? othersAtNanos - System.nanoTime() : Long.MAX_VALUE;
  }

  /**
   * Now and then from zero, because an id is made at the insert and may be committed much later.
   */
  Pick next() {
    long now = System.nanoTime();
    if (isForOthers()) {
      return new Pick.Others(
          now - othersFromZeroAtNanos >= 0 ? ZERO : lowWaterOfOthers, Set.copyOf(flooding));
    }
    if (newestNext) {
      return new Pick.Newest();
    }
    return new Pick.Oldest(now - fromZeroAtNanos >= 0 ? ZERO : lowWater);
  }

  /**
   * A batch was taken.
   *
   * @param before PostgreSQL's time from before it was asked for
   * @param full whether more may wait
   * @param tookNanos how long it took
   */
  void took(Pick pick, Batch batch, boolean full, Instant before, long tookNanos) {
    switch (pick) {
      case Pick.Others others -> tookOthers(others, batch, full, before, tookNanos);
      case Pick.Oldest oldest -> {
        if (oldest.from().equals(ZERO)) {
          fromZeroAtNanos = System.nanoTime() + FROM_ZERO_EVERY.toNanos();
        }
        if (!full) {
          lowWater = belowAllSince(before);
        }
        newestNext = full;
        noteFlood(batch, full);
      }
      case Pick.Newest newest -> {
        newestNext = false;
        noteFlood(batch, full);
      }
      case Pick.These these -> {}
    }
  }

  private void tookOthers(
      Pick.Others others, Batch batch, boolean full, Instant before, long tookNanos) {
    flooding.addAll(batch.flooding());
    long now = System.nanoTime();
    if (others.from().equals(ZERO)) {
      othersFromZeroAtNanos =
          now + Math.max(FROM_ZERO_EVERY.toNanos(), OTHERS_SHARE_FROM_ZERO * tookNanos);
    }
    if (full) {
      othersAtNanos = now;
    } else {
      lowWaterOfOthers = belowAllSince(before);
      othersAtNanos = now + Math.max(OTHERS_EVERY.toNanos(), OTHERS_SHARE * tookNanos);
    }
  }

  /** A quiet tenant's events may lie in the middle of a flood, far from both of its ends. */
  private void noteFlood(Batch batch, boolean full) {
    behind = full;
    if (full) {
      flooding.addAll(batch.flooding());
    } else {
      flooding.clear();
      lowWaterOfOthers = ZERO;
      othersFromZeroAtNanos = System.nanoTime();
    }
  }

  /** An id below all that can have been made since shortly before then. */
  private static UUID belowAllSince(Instant before) {
    return Outbox.smallestIdAt(before.minus(LOW_WATER_LAG));
  }
}
