package io.outboxworker.delivery;

/**
 * How much this worker holds and runs, over all lanes. Held is what is leased to it: running, and
 * about to start. Guarded by the lock of {@link Lanes}.
 */
final class Load {
  private static final long MAX_HELD_BYTES = 64L * 1024 * 1024;

  private final int maxInFlight;
  private int running;
  private int held;
  private long heldBytes;
  private boolean suspectHeld;

  Load(int maxInFlight) {
    this.maxInFlight = maxInFlight;
  }

  int running() {
    return running;
  }

  boolean hasSlot() {
    return running < maxInFlight;
  }

  boolean hasSuspect() {
    return suspectHeld;
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
    suspectHeld |= claim.suspect();
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
    suspectHeld &= !claim.suspect();
  }
}
