package io.outboxworker.delivery;

import io.outboxworker.subscription.LiveSubscriptions;
import io.outboxworker.subscription.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * All lanes of this worker: every attempt is started here, and nowhere else. What does not fit into
 * a lane stays parked in the database. One lock guards all of it; nothing under it waits.
 * Thread-safe.
 */
public final class Lanes {
  /**
   * Limits of one worker.
   *
   * @param maxInFlight running attempts over all lanes
   * @param maxInFlightPerSubscription running attempts of a subscription that sets no limit
   * @param attemptTimeout time limit of a subscription that sets none
   */
  public record Limits(int maxInFlight, int maxInFlightPerSubscription, Duration attemptTimeout) {}

  /** No POST starts with a copy of its subscription that is older than this. */
  private static final Duration OLDEST_COPY = Duration.ofMillis(900);

  /** What is left of a lease must outlast the attempt by this much. */
  private static final Duration LEASE_RESERVE = Duration.ofSeconds(2);

  private final Limits limits;
  private final LiveSubscriptions subscriptions;
  private final Attempts attempts;
  private final Recorder recorder;
  private final Runnable roomForParked;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final Map<UUID, Lane> lanes = new HashMap<>();
  private final Set<Lane> waitingForSlot = new LinkedHashSet<>();
  private final Set<Lane> waitingForCopy = new LinkedHashSet<>();
  private final Load load;
  private boolean stopped;

  /**
   * @param roomForParked is told when it is worth asking for parked deliveries again
   */
  Lanes(
      Limits limits,
      LiveSubscriptions subscriptions,
      Attempts attempts,
      Recorder recorder,
      Runnable roomForParked) {
    this.limits = limits;
    this.subscriptions = subscriptions;
    this.attempts = attempts;
    this.recorder = recorder;
    this.roomForParked = roomForParked;
    this.load = new Load(limits.maxInFlight);
  }

  /** Room for newborn deliveries, for the next fan-out. */
  public Rooms roomsForNewborn() {
    int perOther = Math.min(Lane.FIRST_LIMIT, limits.maxInFlightPerSubscription);
    return locked(() -> Rooms.of(lanes.values(), room() > 0 ? perOther : 0, System.nanoTime()));
  }

  /** Takes claims that are committed; starts what can start, keeps the rest until it can. */
  public void offer(Collection<Claim> claims) {
    starting(starts -> {
      for (Claim claim : claims) {
        lane(claim.subscriptionId()).add(claim);
        load.took(claim);
      }
      claims.forEach(claim -> pump(lane(claim.subscriptionId()), starts));
    });
    read(locked(() -> List.copyOf(waitingForCopy)));
  }

  /** Notes that these subscriptions have parked deliveries. */
  public void noteParked(Collection<UUID> subscriptionIds) {
    starting(starts -> subscriptionIds.forEach(id -> lane(id).noteParked()));
    roomForParked.run();
  }

  /** What lanes with room for parked deliveries could take. */
  Wanted wantedParked() {
    return locked(
        () -> Wanted.by(lanes.values(), Math.min(Deliveries.MAX_BATCH, room()), System.nanoTime()));
  }

  /** Takes the answer to {@link #wantedParked}: a lane that got nothing has no more. */
  void offerParked(Wanted wanted, List<Claim> claims) {
    Set<UUID> served = new HashSet<>();
    claims.forEach(claim -> served.add(claim.subscriptionId()));
    starting(starts ->
        wanted
            .notes()
            .forEach((id, notes) -> {
              if (!served.contains(id)) {
                lane(id).noteNoneParked(notes);
              }
            }));
    offer(claims);
  }

  /** The lanes that could not take a retry that falls due now. */
  Set<UUID> fullForRetries() {
    return locked(() -> {
      Set<UUID> full = new HashSet<>();
      for (Lane lane : lanes.values()) {
        if (load.isFullOfBytes() || lane.isFullForRetries()) {
          full.add(lane.subscriptionId);
        }
      }
      return full;
    });
  }

  /** Whether a suspect may be claimed: this worker starts one at a time, and watches it. */
  boolean hasRoomForSuspect() {
    return locked(() -> !load.isOnTrial() && !stopped);
  }

  /** Reads the subscriptions of busy lanes again, so that a pause is obeyed within a second. */
  void refreshCopies() {
    long now = System.nanoTime();
    read(
        locked(() -> {
          lanes.values().removeIf(lane -> lane.isForgettable(now));
          return lanes.values().stream().filter(lane -> lane.held() > 0).toList();
        }));
  }

  /** Lanes that found no slot or no room in the recorder get another chance. */
  void retryWaiting() {
    starting(this::pumpWaiting);
  }

  /** How many attempts run right now. */
  int running() {
    return locked(load::running);
  }

  /** An attempt is over and its result handed to the recorder: its slot goes to the next. */
  void finished(Result.Attempted result) {
    Claim claim = result.claim();
    starting(starts -> {
      Lane lane = lane(claim.subscriptionId());
      load.finished(claim);
      lane.finished(claim, result.outcome(), result.verdict(), System.nanoTime());
      pump(lane, starts);
      pumpWaiting(starts);
      if (load.running() == 0) {
        idle.signalAll();
      }
    });
    if (claim.suspect()
        || locked(() -> lane(claim.subscriptionId()).wantsParked(System.nanoTime()))) {
      roomForParked.run();
    }
  }

  /**
   * An attempt was about to be made when its lease or its copy had become too old: it goes back.
   */
  void unstarted(Claim claim) {
    starting(starts -> {
      Lane lane = lane(claim.subscriptionId());
      lane.unstarted(claim);
      load.finished(claim);
      recorder.add(new Result.GivenBack(claim));
      pump(lane, starts);
    });
  }

  /** Starts no attempt any more and gives back every claim that has not started. */
  void stop() {
    starting(starts -> {
      stopped = true;
      lanes.values().forEach(this::giveBackAll);
      waitingForSlot.clear();
      waitingForCopy.clear();
    });
  }

  /** Waits for the running attempts; false where some still run after {@code limit}. */
  boolean awaitIdle(Duration limit) throws InterruptedException {
    long nanos = limit.toNanos();
    lock.lock();
    try {
      while (load.running() > 0) {
        if (nanos <= 0) {
          return false;
        }
        nanos = idle.awaitNanos(nanos);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void pumpWaiting(List<Attempts.Start> starts) {
    while (!waitingForSlot.isEmpty() && mayStart()) {
      Lane next = waitingForSlot.iterator().next();
      waitingForSlot.remove(next);
      pump(next, starts);
    }
  }

  /** Starts what the lane holds, as far as it may; what may not ever start goes back. */
  private void pump(Lane lane, List<Attempts.Start> starts) {
    long now = System.nanoTime();
    for (Claim claim = lane.next(); claim != null; claim = lane.next()) {
      if (stopped) {
        giveBackAll(lane);
        return;
      }
      Subscription subscription = lane.subscription();
      if (subscription != null && isLeaseTooShort(claim, subscription, now)) {
        giveBack(lane, claim);
        continue;
      }
      if (!lane.isReadWithin(OLDEST_COPY, now)) {
        waitingForCopy.add(lane);
        return;
      }
      if (subscription == null || !subscription.active()) {
        giveBack(lane, claim);
        continue;
      }
      if (lane.isAtLimit()) {
        return;
      }
      if (!mayStart()) {
        waitingForSlot.add(lane);
        return;
      }
      lane.remove(claim);
      lane.started(claim);
      load.started();
      starts.add(start(claim, subscription, lane));
    }
  }

  private Attempts.Start start(Claim claim, Subscription subscription, Lane lane) {
    Duration timeout = timeout(subscription);
    long leaseAllows = claim.leaseEndsNanos() - timeout.plus(LEASE_RESERVE).toNanos();
    long copyAllows = lane.readNanos() + Duration.ofSeconds(1).toNanos();
    long latest = leaseAllows - copyAllows < 0 ? leaseAllows : copyAllows;
    return new Attempts.Start(claim, subscription, timeout, latest);
  }

  private boolean mayStart() {
    return load.hasSlot() && recorder.hasRoom();
  }

  private int room() {
    return stopped ? 0 : load.room();
  }

  private boolean isLeaseTooShort(Claim claim, Subscription subscription, long now) {
    long needed = timeout(subscription).plus(LEASE_RESERVE).toNanos();
    return claim.leaseEndsNanos() - now < needed;
  }

  private Duration timeout(Subscription subscription) {
    Duration own = subscription.timeout();
    return own == null ? limits.attemptTimeout : own;
  }

  private void giveBackAll(Lane lane) {
    for (Claim claim = lane.next(); claim != null; claim = lane.next()) {
      giveBack(lane, claim);
    }
  }

  private void giveBack(Lane lane, Claim claim) {
    lane.remove(claim);
    load.letGo(claim);
    recorder.add(new Result.GivenBack(claim));
  }

  private Lane lane(UUID subscriptionId) {
    return lanes.computeIfAbsent(
        subscriptionId, id -> new Lane(id, limits.maxInFlightPerSubscription));
  }

  private void read(Collection<Lane> toRead) {
    if (toRead.isEmpty()) {
      return;
    }
    Map<UUID, Long> versions = new HashMap<>();
    locked(() -> {
      toRead.forEach(lane -> versions.put(lane.subscriptionId, lane.version()));
      return versions;
    });
    long askedNanos = System.nanoTime();
    List<LiveSubscriptions.Copy> changed = subscriptions.changed(versions);
    starting(starts -> {
      for (LiveSubscriptions.Copy copy : changed) {
        if (lane(copy.id()).isReadBefore(askedNanos)) {
          lane(copy.id()).replace(copy.subscription(), copy.version());
        }
      }
      for (Lane lane : toRead) {
        if (lane.isReadBefore(askedNanos)) {
          lane.confirm(askedNanos);
        }
        waitingForCopy.remove(lane);
        pump(lane, starts);
      }
    });
  }

  private <T> T locked(Supplier<T> read) {
    lock.lock();
    try {
      return read.get();
    } finally {
      lock.unlock();
    }
  }

  /** Changes lanes under the lock, and makes the attempts that follow from it outside. */
  private void starting(Consumer<List<Attempts.Start>> change) {
    List<Attempts.Start> starts = new ArrayList<>();
    lock.lock();
    try {
      change.accept(starts);
    } finally {
      lock.unlock();
    }
    attempts.start(starts, this);
  }
}
