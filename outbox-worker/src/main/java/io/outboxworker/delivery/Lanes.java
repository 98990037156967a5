package io.outboxworker.delivery;

import io.outboxworker.subscription.LiveSubscriptions;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * All lanes of this worker: every attempt is started here, and nowhere else. What does not fit into
 * a lane stays parked in the database. Thread-safe.
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

  private final Limits limits;
  private final CopyReader copies;
  private final Attempts attempts;
  private final Runnable roomForParked;
  private final LaneLock lock = new LaneLock();
  private final Map<UUID, Lane> lanes = new HashMap<>();
  private final Set<Lane> withParked = new HashSet<>();
  private final Load load;
  private final Starter starter;

  /** Tells {@code roomForParked} when it is worth asking for parked deliveries again. */
  Lanes(
      Limits limits,
      LiveSubscriptions subscriptions,
      Attempts attempts,
      Recorder recorder,
      Runnable roomForParked) {
    this.limits = limits;
    this.attempts = attempts;
    this.roomForParked = roomForParked;
    this.load = new Load(limits.maxInFlight);
    this.starter = new Starter(limits.attemptTimeout, load, recorder);
    this.copies = new CopyReader(subscriptions, lock, starter, this::starting);
  }

  /** Room for newborn deliveries, for the next fan-out. */
  public Rooms roomsForNewborn() {
    return lock.locked(() -> Rooms.of(lanes.values(), load, System.nanoTime()));
  }

  /**
   * Waits while more is held than can be sent in a moment, since what is fanned out meanwhile would
   * only be parked and claimed again; false where that is still so after {@code limit}.
   */
  public boolean awaitRoom(Duration limit) throws InterruptedException {
    return lock.await(() -> !load.isSupplied() || starter.isStopped(), limit);
  }

  /** Whether one of these gets on with deliveries that it knows to be parked. */
  public boolean areWorkingOff(Collection<UUID> subscriptionIds) {
    return lock.locked(() ->
        subscriptionIds.stream()
            .map(this::lane)
            .anyMatch(lane -> lane.isWorkingOffParked(System.nanoTime())));
  }

  /** Takes claims that are committed; starts what can start, keeps the rest until it can. */
  public void offer(Collection<Claim> claims) {
    starting(() -> {
      Set<Lane> served = new HashSet<>();
      for (Claim claim : claims) {
        Lane lane = lane(claim.subscriptionId());
        lane.add(claim);
        load.took(claim);
        served.add(lane);
      }
      starter.pump(served);
    });
    copies.read(lock.locked(starter::waitingForCopy));
  }

  /** Notes that these subscriptions have parked deliveries. */
  public void noteParked(Collection<UUID> subscriptionIds) {
    starting(() ->
        subscriptionIds.forEach(id -> {
          lane(id).noteParked();
          withParked.add(lane(id));
        }));
    roomForParked.run();
  }

  /** What lanes with room for parked deliveries could take. */
  Wanted wantedParked() {
    return lock.locked(() ->
        Wanted.by(
            withParked, Math.min(Deliveries.MAX_BATCH, load.room()), load, System.nanoTime()));
  }

  /** Takes the answer to {@link #wantedParked}: a lane that got less has no more. */
  void offerParked(Wanted wanted, List<Claim> claims) {
    starting(() -> {
      wanted.exhausted(claims).forEach((id, notes) -> lane(id).noteNoneParked(notes));
      withParked.removeIf(lane -> !lane.parked());
    });
    offer(claims);
  }

  /**
   * Starts what only had to let time pass, and returns how long the next has to wait, at most
   * {@code limit}.
   */
  Duration keepPace(Duration limit) {
    return starting(() -> {
      starter.pumpTimed();
      return starter.untilPaced(limit);
    });
  }

  /** Room for retries that fall due now. */
  DueRetries.Rooms roomsForRetries() {
    return lock.locked(() ->
        DueRetries.Rooms.of(
            lanes.values(), load.roomForRetries(limits.maxInFlightPerSubscription)));
  }

  /** Empty while no suspect may be claimed; else those that have outlived their trials here. */
  Optional<List<Claim>> roomForSuspect() {
    return lock.locked(() -> starter.isStopped() ? Optional.empty() : load.trials.outlived());
  }

  /**
   * Reads the subscriptions of busy lanes again, so that a pause is obeyed within a second, and
   * gives lanes that found no slot or no room in the recorder another chance.
   */
  void refresh() {
    long now = System.nanoTime();
    copies.read(
        lock.locked(() -> {
          lanes.values().stream().filter(lane -> lane.isForgettable(now)).forEach(starter::forget);
          lanes.values().removeIf(lane -> lane.isForgettable(now));
          return lanes.values().stream().filter(lane -> lane.isInUse(now)).toList();
        }));
    starting(starter::pumpWaiting);
  }

  /** How many attempts run right now. */
  int running() {
    return lock.locked(load::running);
  }

  /** A started attempt has its turn on a thread that sends. */
  void sending() {
    load.sending();
  }

  /** An attempt is over and its result handed to the recorder: its slot goes to the next. */
  void finished(Result.Attempted result) {
    Claim claim = result.claim();
    boolean wantsParked =
        starting(() -> {
          Lane lane = lane(claim.subscriptionId());
          long now = System.nanoTime();
          lane.finished(claim, result.outcome(), result.verdict(), now);
          load.trials.answered(claim);
          release(lane, claim);
          return lane.wantsParked(now, load);
        });
    if (wantsParked || claim.suspect()) {
      roomForParked.run();
    }
  }

  /** An attempt was about to be made when its lease or its copy had become too old. */
  void postponed(Claim claim) {
    starting(() -> {
      Lane lane = lane(claim.subscriptionId());
      lane.postponed(claim);
      load.postponed(claim);
      starter.pump(lane);
      starter.pumpWaiting();
    });
  }

  /**
   * An attempt broke before it was made: its slot goes to the next. What becomes of the claim is
   * the caller's to say.
   */
  void unstarted(Claim claim) {
    starting(() -> {
      Lane lane = lane(claim.subscriptionId());
      lane.unstarted(claim);
      release(lane, claim);
    });
  }

  /** Starts no attempt any more and gives back every claim that has not started. */
  void stop() {
    starting(() -> {
      load.stop();
      starter.stop(lanes.values());
      lock.tellChanged();
    });
  }

  /** Waits for the running attempts; false where some still run after {@code limit}. */
  boolean awaitIdle(Duration limit) throws InterruptedException {
    return lock.await(() -> load.running() == 0, limit);
  }

  private void release(Lane lane, Claim claim) {
    load.finished(claim);
    starter.pump(lane);
    starter.pumpWaiting();
    if (load.running() == 0 || !load.isSupplied()) {
      lock.tellChanged();
    }
  }

  private Lane lane(UUID subscriptionId) {
    return lanes.computeIfAbsent(
        subscriptionId, id -> new Lane(id, limits.maxInFlightPerSubscription));
  }

  private void starting(Runnable change) {
    starting(() -> {
      change.run();
      return true;
    });
  }

  /** Changes lanes under the lock, and makes the attempts that follow from it outside. */
  private <T> T starting(Supplier<T> change) {
    record Changed<T>(T result, List<Attempts.Start> decided, boolean timedWait) {}
    Changed<T> changed =
        lock.locked(() -> new Changed<>(change.get(), starter.decided(), starter.timedWait()));
    attempts.start(changed.decided, this);
    if (changed.timedWait) {
      roomForParked.run();
    }
    return changed.result;
  }
}
