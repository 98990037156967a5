package io.outboxworker.delivery;

import java.time.Duration;

/**
 * How much this worker holds and runs, over all lanes. Held is what is leased to it: running, and
 * about to start. Guarded by the lock of {@link Lanes}.
 */
final class Load {
  private static final long MAX_HELD_BYTES = 64L * 1024 * 1024;

  /** What kills a worker does so while it is read, signed and sent, and not while it waits. */
  private static final Duration TRIAL = Duration.ofSeconds(1);

  private final int maxInFlight;
  private int running;
  private int held;
  private long heldBytes;
  private int suspects;
  private long lastSuspectNanos;

  Load(int maxInFlight) {
    this.maxInFlight = maxInFlight;
  }

  int running() {
    return running;
  }

  boolean hasSlot() {
    return running < maxInFlight;
  }

  /** Whether a suspect may still show what it does: later ones must not wait for one that hangs. */
  boolean isOnTrial() {
    return suspects > 0 && System.nanoTime() - lastSuspectNanos < TRIAL.toNanos();
  }

  /** How many more claims it may hold. */
  int room() {
    return isFullOfBytes() ? 0 : Math.max(0, maxInFlight - held);
  }

  /** Not even retries, which have room beyond the number of claims. */
  boolean isFullOfBytes() {
    return heldBytes >= MAX_HELD_BYTES;
  }

  void took(Claim claim) {
    held++;
    heldBytes += claim.message().body().length;
    if (claim.suspect()) {
      suspects++;
      lastSuspectNanos = System.nanoTime();
    }
  }

  void started() {
    running++;
  }

  void finished(Claim claim) {
    running--;
    letGo(claim);
  }

  void letGo(Claim claim) {
    held--;
    heldBytes -= claim.message().body().length;
    suspects -= claim.suspect() ? 1 : 0;
  }
}
