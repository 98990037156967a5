package io.outboxworker.delivery;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How much this worker holds and runs, over all lanes. Held is what is leased to it: running, and
 * about to start. Guarded by the lock of {@link Lanes}.
 */
final class Load {
  private static final long MAX_HELD_BYTES = 64L * 1024 * 1024;

  /**
   * So many attempts may run at any time: endpoints that answer at once are served as fast over few
   * connections as over many, at less cost for each. The HTTP client hands out its idle connections
   * in turn, so that what was opened once stays open, and looks through all of them for each POST.
   */
  private static final int FEW = 32 * Runtime.getRuntime().availableProcessors();

  /**
   * Beyond those no more than this many start in a {@link #MOMENT}: slow endpoints fill up the rest
   * of what may run moment by moment.
   */
  private static final int PER_MOMENT = 64 * Runtime.getRuntime().availableProcessors();

  private static final Duration MOMENT = Duration.ofMillis(20);

  /**
   * While more than this many wait for a thread that sends them, it is the processors that are
   * slow, and not the endpoints: more connections would only wait along.
   */
  private static final int MOST_UNSENT = 8 * Runtime.getRuntime().availableProcessors();

  /** A lane may have this part of what is free, so that something is always free for the next. */
  private static final int SHARES = 8;

  final Trials trials = new Trials();
  private final int maxInFlight;
  private int running;
  private final long[] lastStarts = new long[PER_MOMENT];
  private int starts;

  /** Started, and not sent yet; counted down without the lock. */
  private final AtomicInteger unsent = new AtomicInteger();

  private int held;
  private int retriesHeld;
  private long heldBytes;
  private boolean stopped;

  Load(int maxInFlight) {
    this.maxInFlight = maxInFlight;
    Arrays.fill(lastStarts, System.nanoTime() - MOMENT.toNanos());
  }

  int running() {
    return running;
  }

  boolean hasSlot(long now) {
    return running < maxInFlight && (running < FEW || hasMoment(now));
  }

  private boolean hasMoment(long now) {
    return unsent.get() <= MOST_UNSENT && now - lastStarts[starts] >= MOMENT.toNanos();
  }

  /** From now on there is room for nothing. */
  void stop() {
    stopped = true;
  }

  /** How many more first attempts it may hold. */
  int room() {
    return stopped || isFullOfBytes() ? 0 : Math.max(0, maxInFlight - held + retriesHeld);
  }

  /** What of this many retries of one lane it may hold, besides first attempts. */
  int roomForRetries(int most) {
    return stopped || isFullOfBytes() ? 0 : most;
  }

  /** What one lane may hold: less, the more is held by all. */
  int share() {
    return Math.max(1, room() / SHARES);
  }

  /** How many attempts one lane may run: fewer, the more run in all. */
  int slotShare() {
    return Math.max(1, (maxInFlight - running) / SHARES);
  }

  /** So much runs that a lane that gives no sign of life should start no more. */
  boolean isBusy() {
    return running > maxInFlight / 4;
  }

  /** So much is held that a lane that gives no sign of life should take no more. */
  boolean isCrowded() {
    return held > maxInFlight / 4;
  }

  /** Enough waits to start, to be busy with for a while even if endpoints answer at once. */
  boolean isSupplied() {
    return held - running > maxInFlight / 2;
  }

  /** Not even retries, which have room beyond the number of claims. */
  boolean isFullOfBytes() {
    return heldBytes >= MAX_HELD_BYTES;
  }

  void took(Claim claim) {
    held++;
    retriesHeld += claim.isRetry() ? 1 : 0;
    heldBytes += claim.message().body().length;
    trials.took(claim);
  }

  void started(long now) {
    running++;
    unsent.incrementAndGet();
    lastStarts[starts] = now;
    starts = (starts + 1) % PER_MOMENT;
  }

  /** What was started has its turn on a thread that sends; needs no lock. */
  void sending() {
    unsent.decrementAndGet();
  }

  /** What was started was not sent: it is held as before. */
  void postponed(Claim claim) {
    running--;
    trials.took(claim);
  }

  void finished(Claim claim) {
    running--;
    letGo(claim);
  }

  void letGo(Claim claim) {
    held--;
    retriesHeld -= claim.isRetry() ? 1 : 0;
    heldBytes -= claim.message().body().length;
    trials.letGo(claim);
  }
}
