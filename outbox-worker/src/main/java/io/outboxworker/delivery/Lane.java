package io.outboxworker.delivery;

import io.outboxworker.subscription.Subscription;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What this worker holds for one subscription: its running attempts, the claims that are about to
 * start, and how many it may have. Guarded by the lock of {@link Lanes}.
 */
final class Lane {
  static final int FIRST_LIMIT = 4;

  /** A lane takes no more once it holds this many bytes of bodies. */
  private static final int MAX_BYTES = 8 * 1024 * 1024;

  /** After a retry fell due, so long a lane in trouble waits for it before a first attempt. */
  private static final Duration RETRY_GRACE = Duration.ofSeconds(1);

  final UUID subscriptionId;
  private final int defaultMaxInFlight;
  private final Deque<Claim> retries = new ArrayDeque<>();
  private final Deque<Claim> firsts = new ArrayDeque<>();
  private @Nullable Subscription subscription;
  private long version = -1;
  private long readNanos;
  private boolean read;
  private int running;
  private long heldBytes;
  private int limit = FIRST_LIMIT;
  private boolean inTrouble;
  private long retryDueNanos;
  private boolean retryDue;
  private boolean parked;
  private long parkedNotes;

  Lane(UUID subscriptionId, int defaultMaxInFlight) {
    this.subscriptionId = subscriptionId;
    this.defaultMaxInFlight = defaultMaxInFlight;
  }

  // The copy of the subscription

  long version() {
    return version;
  }

  @Nullable Subscription subscription() {
    return subscription;
  }

  /** The row was read, beginning at {@code atNanos}, and is as it was. */
  void confirm(long atNanos) {
    read = true;
    readNanos = atNanos;
  }

  void replace(@Nullable Subscription fresh, long freshVersion) {
    subscription = fresh;
    version = freshVersion;
  }

  /** Whether what was read beginning at {@code atNanos} is newer than what the lane knows. */
  boolean isReadBefore(long atNanos) {
    return !read || atNanos - readNanos > 0;
  }

  long readNanos() {
    return readNanos;
  }

  boolean isReadWithin(Duration age, long now) {
    return read && now - readNanos <= age.toNanos();
  }

  // Room

  int maxInFlight() {
    Subscription copy = subscription;
    if (copy == null) {
      return defaultMaxInFlight;
    }
    if (copy.ordered()) {
      return 1;
    }
    return copy.maxInFlight() == null
        ? defaultMaxInFlight
        : Math.min(copy.maxInFlight(), defaultMaxInFlight);
  }

  /** How many first attempts it would take, parked ones included. */
  int room(long now) {
    int held = held();
    if (inTrouble) {
      return held == 0 && !waitsForRetry(now) ? 1 : 0;
    }
    if (heldBytes >= MAX_BYTES) {
      return 0;
    }
    return Math.max(0, Math.min(limit, maxInFlight()) - held);
  }

  /** Newborn deliveries must not overtake parked ones for ever. */
  int roomForNewborn(long now) {
    return parked ? 0 : room(now);
  }

  /** Whether it can take no retry either: those are bound by the full limit, not by trouble. */
  boolean isFullForRetries() {
    return running + retries.size() >= maxInFlight() || heldBytes >= MAX_BYTES;
  }

  /** Nothing to remember: as good as a new one. */
  boolean isForgettable(long now) {
    return held() == 0 && !parked && !inTrouble && !waitsForRetry(now);
  }

  int held() {
    return running + retries.size() + firsts.size();
  }

  boolean parked() {
    return parked;
  }

  /** Whether it has room for so many that asking the database is worth it. */
  boolean wantsParked(long now) {
    return parked && room(now) >= Math.max(1, limit / 2);
  }

  /** Changes with each note, so that a claim knows whether one came while it ran. */
  long parkedNotes() {
    return parkedNotes;
  }

  void noteParked() {
    parked = true;
    parkedNotes++;
  }

  void noteNoneParked(long notesBefore) {
    if (parkedNotes == notesBefore) {
      parked = false;
    }
  }

  // Claims

  void add(Claim claim) {
    heldBytes += claim.message().body().length;
    (claim.isRetry() || claim.suspect() ? retries : firsts).add(claim);
  }

  /** The next claim to start, retries before first attempts. */
  @Nullable Claim next() {
    @Nullable Claim retry = retries.peek();
    return retry == null ? firsts.peek() : retry;
  }

  /** Takes what {@link #next} returned. */
  void remove(Claim claim) {
    (claim.isRetry() || claim.suspect() ? retries : firsts).remove();
    heldBytes -= claim.message().body().length;
  }

  void started(Claim claim) {
    running++;
    heldBytes += claim.message().body().length;
  }

  boolean isAtLimit() {
    return running >= maxInFlight();
  }

  /** It was started and then not sent after all. */
  void unstarted(Claim claim) {
    running--;
    heldBytes -= claim.message().body().length;
  }

  /** The attempt is over: its slot is free, and its outcome tells how much the endpoint bears. */
  void finished(Claim claim, Outcome outcome, Verdict verdict, long now) {
    running--;
    heldBytes -= claim.message().body().length;
    switch (outcome) {
      case Outcome.Accepted accepted -> grow();
      case Outcome.Refused refused -> grow();
      case Outcome.Unreachable unreachable -> shrink();
      case Outcome.Blocked blocked -> {}
    }
    if (verdict instanceof Verdict.RetryIn again) {
      long due = now + again.delay().toNanos();
      retryDueNanos = waitsForRetry(now) ? Math.max(due, retryDueNanos) : due;
      retryDue = true;
    }
  }

  private void grow() {
    inTrouble = false;
    limit = Math.min(Math.max(limit * 2, 1), Math.max(1, maxInFlight()));
  }

  private void shrink() {
    limit = Math.max(1, limit / 2);
    inTrouble = limit == 1;
  }

  private boolean waitsForRetry(long now) {
    retryDue = retryDue && now - retryDueNanos < RETRY_GRACE.toNanos();
    return retryDue;
  }
}
