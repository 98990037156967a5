package io.outboxworker.delivery;

import io.outboxworker.subscription.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Decides which claims start now and in which order, and gives back those that must not: of a lane
 * retries first, and lanes in turn. Guarded by the lock of {@link Lanes}; nothing in it waits.
 */
final class Starter {
  /** No POST starts with a copy of its subscription that is older than this. */
  private static final Duration OLDEST_COPY = Duration.ofMillis(900);

  /** What is left of a lease must outlast the attempt by this much. */
  private static final Duration LEASE_RESERVE = Duration.ofSeconds(2);

  /** Lanes that wait for a slot are asked again so soon, even where no attempt ends. */
  private static final Duration NEXT_SLOT = Duration.ofMillis(5);

  private final Duration attemptTimeout;
  private final Load load;
  private final Recorder recorder;
  private final WaitingLanes waiting = new WaitingLanes();
  private final Set<Lane> waitingForCopy = new LinkedHashSet<>();
  private final Set<Lane> waitingForPace = new LinkedHashSet<>();
  private final Set<Lane> paced = new HashSet<>();
  private List<Attempts.Start> decided = new ArrayList<>();
  private boolean stopped;
  private boolean timedWait;

  /**
   * @param attemptTimeout time limit of a subscription that sets none
   */
  Starter(Duration attemptTimeout, Load load, Recorder recorder) {
    this.attemptTimeout = attemptTimeout;
    this.load = load;
    this.recorder = recorder;
  }

  boolean isStopped() {
    return stopped;
  }

  /** Starts nothing any more and gives everything back. */
  void stop(Collection<Lane> lanes) {
    stopped = true;
    waiting.clear();
    waitingForCopy.clear();
    waitingForPace.clear();
    lanes.forEach(this::pump);
  }

  /** What was decided to start since the last call. */
  List<Attempts.Start> decided() {
    if (decided.isEmpty()) {
      return List.of();
    }
    List<Attempts.Start> starts = decided;
    decided = new ArrayList<>();
    return starts;
  }

  /** The lanes that can start nothing before their subscription is read again. */
  List<Lane> waitingForCopy() {
    return List.copyOf(waitingForCopy);
  }

  /**
   * Starts what the lane holds, as far as it may; what may not ever start goes back. Where others
   * wait for a slot it waits, too, until {@link #pumpWaiting} comes to it.
   */
  void pump(Lane lane) {
    pump(lane, waiting.isEmpty() ? Integer.MAX_VALUE : 0);
  }

  /** The same for each of these, and for those whose turn comes before theirs. */
  void pump(Collection<Lane> lanes) {
    lanes.forEach(this::pump);
    pumpWaiting();
  }

  /** The same for at most so many claims. */
  private void pump(Lane lane, int most) {
    int left = most;
    long now = System.nanoTime();
    waitingForCopy.remove(lane);
    if (lane.isPaced()) {
      paced.add(lane);
    }
    for (Claim claim = lane.claims.next(); claim != null; claim = lane.claims.next()) {
      Subscription subscription = lane.copy.subscription();
      if (stopped || (subscription != null && isLeaseTooShort(claim, subscription, now))) {
        giveBack(lane, claim);
        continue;
      }
      if (!lane.copy.isReadWithin(OLDEST_COPY, now)) {
        waitingForCopy.add(lane);
        return;
      }
      if (subscription == null || !subscription.active()) {
        giveBack(lane, claim);
        continue;
      }
      if (lane.isAtLimit() || lane.mustYield(now, load) || mustWait(lane, left, now)) {
        return;
      }
      left--;
      lane.start(now);
      load.started(now);
      load.trials.started(claim);
      decided.add(start(claim, subscription, lane));
    }
  }

  /** Whether its pace or the worker's limits make it wait; it is remembered then. */
  private boolean mustWait(Lane lane, int left, long now) {
    if (lane.isAheadOfPace(now)) {
      timedWait |= waitingForPace.add(lane);
      return true;
    }
    if (left == 0 || !mayStart(now)) {
      timedWait |= waiting.isEmpty();
      waiting.add(lane);
      return true;
    }
    return false;
  }

  /** Lanes that found no slot or no room in the recorder get one slot each, in their turn. */
  void pumpWaiting() {
    while (mayStart(System.nanoTime())) {
      Lane next = waiting.next();
      if (next == null) {
        return;
      }
      pump(next, 1);
    }
  }

  /** Lanes that had to let time pass get another chance. */
  void pumpTimed() {
    pumpWaiting();
    if (!waitingForPace.isEmpty()) {
      List<Lane> lanes = List.copyOf(waitingForPace);
      waitingForPace.clear();
      lanes.forEach(this::pump);
    }
  }

  /** Whether a lane began to wait for something that comes with time alone since the last call. */
  boolean timedWait() {
    boolean waits = timedWait;
    timedWait = false;
    return waits;
  }

  /** This lane is no more. */
  void forget(Lane lane) {
    paced.remove(lane);
  }

  /** How long until a lane's pace, or the worker's own, lets it go on, at most {@code limit}. */
  Duration untilPaced(Duration limit) {
    long now = System.nanoTime();
    long soonest = waiting.isEmpty() ? limit.toNanos() : NEXT_SLOT.toNanos();
    for (Lane lane : paced) {
      soonest = Math.min(soonest, lane.untilPacedNanos(now));
    }
    return Duration.ofNanos(soonest);
  }

  private boolean mayStart(long now) {
    return load.hasSlot(now) && recorder.hasRoom();
  }

  private Attempts.Start start(Claim claim, Subscription subscription, Lane lane) {
    Duration timeout = timeout(subscription);
    long leaseAllows = claim.leaseEndsNanos() - timeout.plus(LEASE_RESERVE).toNanos();
    long copyAllows = lane.copy.readNanos() + Duration.ofSeconds(1).toNanos();
    long latest = leaseAllows - copyAllows < 0 ? leaseAllows : copyAllows;
    return new Attempts.Start(claim, subscription, timeout, latest);
  }

  private boolean isLeaseTooShort(Claim claim, Subscription subscription, long now) {
    long needed = timeout(subscription).plus(LEASE_RESERVE).toNanos();
    return claim.leaseEndsNanos() - now < needed;
  }

  private Duration timeout(Subscription subscription) {
    Duration own = subscription.timeout();
    return own == null ? attemptTimeout : own;
  }

  private void giveBack(Lane lane, Claim claim) {
    lane.remove(claim);
    load.letGo(claim);
    recorder.add(new Result.GivenBack(claim));
  }
}
