package io.outboxworker.delivery;

import io.outboxworker.subscription.LiveSubscriptions;
import io.outboxworker.subscription.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

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

  /**
   * How many first attempts there is room for.
   *
   * @param perLane lanes that have other room than {@code perOther}
   * @param perOther what a lane that is not named may take
   */
  public record Rooms(Map<UUID, Integer> perLane, int perOther) {}

  /** Parked deliveries to ask for, and the notes on them that are known before asking. */
  record Wanted(Map<UUID, Integer> rooms, Map<UUID, Long> notes) {}

  /** No POST starts with a copy of its subscription that is older than this. */
  private static final Duration OLDEST_COPY = Duration.ofMillis(900);

  /** What is left of a lease must outlast the attempt by this much. */
  private static final Duration LEASE_RESERVE = Duration.ofSeconds(2);

  private static final long MAX_HELD_BYTES = 64L * 1024 * 1024;

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
  private int running;
  private int held;
  private long heldBytes;
  private boolean suspectHeld;
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
    this.roomForParked = roomForParked;
    this.subscriptions = subscriptions;
    this.attempts = attempts;
    this.recorder = recorder;
  }

  /** Room for newborn deliveries, for the next fan-out. */
  public Rooms roomsForNewborn() {
    long now = System.nanoTime();
    lock.lock();
    try {
      boolean full = isFull();
      Map<UUID, Integer> rooms = new HashMap<>();
      for (Lane lane : lanes.values()) {
        int room = full ? 0 : lane.roomForNewborn(now);
        if (room != Lane.FIRST_LIMIT || full) {
          rooms.put(lane.subscriptionId, room);
        }
      }
      int perOther = full ? 0 : Math.min(Lane.FIRST_LIMIT, limits.maxInFlightPerSubscription);
      return new Rooms(rooms, perOther);
    } finally {
      lock.unlock();
    }
  }

  /** Takes claims that are committed; starts what can start, keeps the rest until it can. */
  public void offer(Collection<Claim> claims) {
    List<Attempts.Start> starts = new ArrayList<>();
    lock.lock();
    try {
      for (Claim claim : claims) {
        Lane lane = lane(claim.subscriptionId());
        lane.add(claim);
        held++;
        heldBytes += claim.message().body().length;
        suspectHeld |= claim.suspect();
      }
      for (Claim claim : claims) {
        pump(lane(claim.subscriptionId()), starts);
      }
    } finally {
      lock.unlock();
    }
    attempts.start(starts, this);
    readMissingCopies();
  }

  /** Notes that these subscriptions have parked deliveries. */
  public void noteParked(Collection<UUID> subscriptionIds) {
    lock.lock();
    try {
      subscriptionIds.forEach(id -> lane(id).noteParked());
    } finally {
      lock.unlock();
    }
    roomForParked.run();
  }

  /** Lanes with room for parked deliveries; empty where nothing is worth asking for. */
  Wanted wantedParked() {
    long now = System.nanoTime();
    Map<UUID, Integer> rooms = new HashMap<>();
    Map<UUID, Long> notes = new HashMap<>();
    lock.lock();
    try {
      int left = isFull() ? 0 : Math.min(Deliveries.MAX_BATCH, limits.maxInFlight - held);
      for (Lane lane : lanes.values()) {
        int room = lane.parked() && left > 0 ? Math.min(left, lane.room(now)) : 0;
        if (room > 0) {
          rooms.put(lane.subscriptionId, room);
          notes.put(lane.subscriptionId, lane.parkedNotes());
          left -= room;
        }
      }
    } finally {
      lock.unlock();
    }
    return new Wanted(rooms, notes);
  }

  /** Takes the answer to {@link #wantedParked}: a lane that got nothing has no more. */
  void offerParked(Wanted wanted, List<Claim> claims) {
    Map<UUID, Integer> got = new HashMap<>();
    claims.forEach(claim -> got.merge(claim.subscriptionId(), 1, Integer::sum));
    lock.lock();
    try {
      wanted.rooms.forEach((id, room) -> {
        Lane lane = lanes.get(id);
        if (lane != null && got.getOrDefault(id, 0) == 0) {
          lane.noteNoneParked(Objects.requireNonNull(wanted.notes.get(id)));
        }
      });
    } finally {
      lock.unlock();
    }
    offer(claims);
  }

  /** The lanes that could not take a retry that falls due now. */
  Set<UUID> fullForRetries() {
    lock.lock();
    try {
      Set<UUID> full = new LinkedHashSet<>();
      boolean noRoom = heldBytes >= MAX_HELD_BYTES;
      for (Lane lane : lanes.values()) {
        if (noRoom || lane.isFullForRetries()) {
          full.add(lane.subscriptionId);
        }
      }
      return full;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a suspect may be claimed: this worker runs one at a time. */
  boolean hasRoomForSuspect() {
    lock.lock();
    try {
      return !suspectHeld && !stopped;
    } finally {
      lock.unlock();
    }
  }

  /** Reads the subscriptions of busy lanes again, so that a pause is obeyed within a second. */
  public void refreshCopies() {
    List<Lane> busy = new ArrayList<>();
    long now = System.nanoTime();
    lock.lock();
    try {
      lanes.values().removeIf(lane -> lane.isForgettable(now));
      for (Lane lane : lanes.values()) {
        if (lane.held() > 0) {
          busy.add(lane);
        }
      }
    } finally {
      lock.unlock();
    }
    read(busy);
  }

  /** How many attempts run right now. */
  public int running() {
    lock.lock();
    try {
      return running;
    } finally {
      lock.unlock();
    }
  }

  /** Starts no attempt any more and gives back every claim that has not started. */
  public void stop() {
    lock.lock();
    try {
      stopped = true;
      for (Lane lane : lanes.values()) {
        giveBackAll(lane);
      }
      waitingForSlot.clear();
      waitingForCopy.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the running attempts; false where some still run after {@code limit}. */
  public boolean awaitIdle(Duration limit) throws InterruptedException {
    long nanos = limit.toNanos();
    lock.lock();
    try {
      while (running > 0) {
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

  /** An attempt is over and its result handed to the recorder: its slot goes to the next. */
  void finished(Result.Attempted result) {
    List<Attempts.Start> starts = new ArrayList<>();
    boolean wantsParked;
    lock.lock();
    try {
      Claim claim = result.claim();
      Lane lane = lane(claim.subscriptionId());
      lane.finished(claim, result.outcome(), result.verdict(), System.nanoTime());
      running--;
      letGo(claim);
      pump(lane, starts);
      pumpWaiting(starts);
      wantsParked = lane.wantsParked(System.nanoTime());
      if (running == 0) {
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
    attempts.start(starts, this);
    if (wantsParked) {
      roomForParked.run();
    }
  }

  /** Lanes that found no slot or no room in the recorder get another chance. */
  void retryWaiting() {
    List<Attempts.Start> starts = new ArrayList<>();
    lock.lock();
    try {
      pumpWaiting(starts);
    } finally {
      lock.unlock();
    }
    attempts.start(starts, this);
  }

  private void pumpWaiting(List<Attempts.Start> starts) {
    while (!waitingForSlot.isEmpty() && mayStart()) {
      Lane next = waitingForSlot.iterator().next();
      waitingForSlot.remove(next);
      pump(next, starts);
    }
  }

  private void pump(Lane lane, List<Attempts.Start> starts) {
    long now = System.nanoTime();
    for (Claim claim = lane.next(); claim != null; claim = lane.next()) {
      if (stopped) {
        giveBackAll(lane);
        return;
      }
      if (!lane.isReadWithin(OLDEST_COPY, now)) {
        waitingForCopy.add(lane);
        return;
      }
      Subscription subscription = lane.subscription();
      if (subscription == null
          || !subscription.active()
          || isLeaseTooShort(claim, subscription, now)) {
        lane.remove(claim);
        giveBack(claim);
        continue;
      }
      if (!mayStart()) {
        waitingForSlot.add(lane);
        return;
      }
      lane.remove(claim);
      lane.started(claim);
      running++;
      starts.add(new Attempts.Start(claim, subscription, timeout(subscription)));
    }
  }

  private boolean mayStart() {
    return running < limits.maxInFlight && recorder.hasRoom();
  }

  private boolean isFull() {
    return stopped || held >= limits.maxInFlight || heldBytes >= MAX_HELD_BYTES;
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
      lane.remove(claim);
      giveBack(claim);
    }
  }

  private void giveBack(Claim claim) {
    letGo(claim);
    recorder.add(new Result.GivenBack(claim));
  }

  private void letGo(Claim claim) {
    held--;
    heldBytes -= claim.message().body().length;
    if (claim.suspect()) {
      suspectHeld = false;
    }
  }

  private Lane lane(UUID subscriptionId) {
    return lanes.computeIfAbsent(
        subscriptionId, id -> new Lane(id, limits.maxInFlightPerSubscription));
  }

  private void readMissingCopies() {
    List<Lane> missing;
    lock.lock();
    try {
      missing = new ArrayList<>(waitingForCopy);
    } finally {
      lock.unlock();
    }
    read(missing);
  }

  private void read(List<Lane> toRead) {
    if (toRead.isEmpty()) {
      return;
    }
    Map<UUID, Long> versions = new HashMap<>();
    lock.lock();
    try {
      toRead.forEach(lane -> versions.put(lane.subscriptionId, lane.version()));
    } finally {
      lock.unlock();
    }
    long askedNanos = System.nanoTime();
    List<LiveSubscriptions.Copy> changed = subscriptions.changed(versions);
    List<Attempts.Start> starts = new ArrayList<>();
    lock.lock();
    try {
      for (LiveSubscriptions.Copy copy : changed) {
        lane(copy.id()).replace(copy.subscription(), copy.version());
      }
      for (Lane lane : toRead) {
        lane.confirm(askedNanos);
        waitingForCopy.remove(lane);
        pump(lane, starts);
      }
    } finally {
      lock.unlock();
    }
    attempts.start(starts, this);
  }
}
