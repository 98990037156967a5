package io.outboxworker.delivery;

import io.outboxworker.subscription.LiveSubscriptions;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What this worker holds for one subscription: its running attempts, the claims that are about to
 * start, and how many it may have. Guarded by the lock of {@link Lanes}.
 */
final class Lane {
  /** While answers come soon, it holds so many claims for each attempt that it may run. */
  private static final int DEPTH = 4;

  /** What a lane that nothing is known of may hold. */
  static final int FIRST_HOLD = Health.FIRST_LIMIT * DEPTH;

  /** A lane takes no more once it holds this many bytes of bodies. */
  private static final int MAX_BYTES = 8 * 1024 * 1024;

  /** Nothing is asked again sooner, whatever the pace. */
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(5);

  /** After an attempt the copy is kept fresh for so long. */
  private static final Duration KEPT_FRESH = Duration.ofSeconds(3);

  /** Nothing held for so long: it may be forgotten, and its subscription be read anew. */
  private static final Duration FORGOTTEN_AFTER = Duration.ofSeconds(30);

  final UUID subscriptionId;
  final FreshCopy copy = new FreshCopy();
  final HeldClaims claims = new HeldClaims();
  final Health health = new Health();
  private final int defaultMaxInFlight;
  private @Nullable Pace pace;
  private int running;
  private long heldBytes;
  private long usedNanos = System.nanoTime() - KEPT_FRESH.toNanos();
  private boolean parked;
  private long parkedNotes;

  Lane(UUID subscriptionId, int defaultMaxInFlight) {
    this.subscriptionId = subscriptionId;
    this.defaultMaxInFlight = defaultMaxInFlight;
  }

  /** Takes a copy that was read beginning at {@code atNanos}, and its pace with it. */
  void take(LiveSubscriptions.Copy read, long atNanos) {
    if (!copy.isReadBefore(atNanos)) {
      return;
    }
    Subscription fresh = read.subscription();
    copy.replace(fresh, read.version());
    Integer perSecond = fresh == null ? null : fresh.maxPerSecond();
    if (perSecond == null) {
      pace = null;
    } else if (pace == null || pace.perSecond != perSecond) {
      pace = new Pace(perSecond, atNanos);
    }
  }

  // Room

  private int maxInFlight() {
    Subscription subscription = copy.subscription();
    if (subscription == null) {
      return defaultMaxInFlight;
    }
    if (subscription.ordered()) {
      return 1;
    }
    Integer own = subscription.maxInFlight();
    return own == null ? defaultMaxInFlight : Math.min(own, defaultMaxInFlight);
  }

  private int maxHeld() {
    Subscription subscription = copy.subscription();
    if (subscription != null && subscription.ordered()) {
      return 1;
    }
    int mayRun = Math.min(health.limit(), maxInFlight());
    return health.answersSoon() ? mayRun * DEPTH : mayRun;
  }

  /** How many first attempts it would take, parked ones included. */
  int room(long now, Load load) {
    if (health.isInTrouble()) {
      return held() == 0 && !health.waitsForRetry(now) ? Math.min(1, pacedRoom(now)) : 0;
    }
    if (heldBytes >= MAX_BYTES || (load.isCrowded() && (health.isFailing() || isSilent(now)))) {
      return 0;
    }
    int room = Math.min(maxHeld(), load.share()) - held();
    return Math.max(0, Math.min(room, pacedRoom(now)));
  }

  private int pacedRoom(long now) {
    return pace == null ? Integer.MAX_VALUE : pace.available(now) - waiting();
  }

  /** Newborn deliveries must not overtake parked ones for ever. */
  int roomForNewborn(long now, Load load) {
    return parked ? 0 : room(now, load);
  }

  /** How many retries it would take: those are bound by the full limit, not by trouble. */
  int roomForRetries(long now) {
    int room = heldBytes >= MAX_BYTES ? 0 : maxInFlight() - running - claims.retries();
    return Math.max(0, Math.min(room, pacedRoom(now)));
  }

  /** Nothing to remember: as good as a new one. */
  boolean isForgettable(long now) {
    return held() == 0
        && !parked
        && !health.isInTrouble()
        && !health.waitsForRetry(now)
        && now - usedNanos > FORGOTTEN_AFTER.toNanos();
  }

  /** It holds something, or is about to: then its copy had better be fresh already. */
  boolean isInUse(long now) {
    return held() > 0 || health.waitsForRetry(now) || now - usedNanos < KEPT_FRESH.toNanos();
  }

  int held() {
    return running + waiting();
  }

  int waiting() {
    return claims.all();
  }

  /** No answer for a while although attempts run. */
  private boolean isSilent(long now) {
    return running > 0 && health.isSilent(now);
  }

  boolean parked() {
    return parked;
  }

  /** It has parked ones and gets on with them as fast as its endpoint takes them. */
  boolean isWorkingOffParked(long now) {
    boolean answers = health.answersSoon() && !health.isInTrouble() && !isSilent(now);
    return parked && pace == null && answers && !health.isFailing();
  }

  /** Whether it has room for so many that asking the database is worth it. */
  boolean wantsParked(long now, Load load) {
    return parked && room(now, load) >= Math.max(1, Math.min(maxHeld(), load.share()) / 2);
  }

  boolean isPaced() {
    return pace != null;
  }

  /** How long until its pace lets it take parked deliveries or start what it holds, if any. */
  long untilPacedNanos(long now) {
    if (pace == null || (!parked && waiting() == 0)) {
      return Long.MAX_VALUE;
    }
    long until = waiting() > 0 ? pace.untilNextNanos(now) : pace.untilWorthwhileNanos(now);
    return Math.max(until, SHORTEST_PAUSE.toNanos());
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
    claims.add(claim);
  }

  /** Whether what starts next is no first attempt. */
  boolean hasRetries() {
    return claims.retries() > 0;
  }

  /** Takes what {@link HeldClaims#next} returned back out. */
  void remove(Claim claim) {
    claims.removeNext();
    heldBytes -= claim.message().body().length;
  }

  /** What {@link HeldClaims#next} returned starts. */
  void start(long now) {
    claims.removeNext();
    if (running == 0) {
      health.listen(now);
    }
    running++;
    usedNanos = now;
    if (pace != null) {
      pace.take(now);
    }
  }

  /** Retries may use the whole limit; first attempts what the endpoint has shown to bear. */
  boolean isAtLimit() {
    return running >= (hasRetries() ? maxInFlight() : Math.min(health.limit(), maxInFlight()));
  }

  /** Whether it has its part of the worker already; asked again when one of its attempts ends. */
  boolean mustYield(long now, Load load) {
    return running >= load.slotShare() || (load.isBusy() && isSilent(now));
  }

  boolean isAheadOfPace(long now) {
    return pace != null && pace.available(now) == 0;
  }

  /** It was started and not sent in time: it is what starts next. */
  void postponed(Claim claim) {
    running--;
    claims.putBack(claim);
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
    usedNanos = now;
    health.learn(outcome, verdict, maxInFlight(), now);
  }
}
