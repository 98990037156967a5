package io.outboxworker.delivery;

import io.outboxworker.subscription.LiveSubscriptions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Reads the subscriptions of lanes anew and lets the lanes go on. No two threads read the same lane
 * at a time. Thread-safe.
 */
final class CopyReader {
  /**
   * To open a secret for the first time takes a new worker up to a millisecond, and what was read
   * too long ago is of no use: so a portion of them may start before the next is read.
   */
  private static final int UNKNOWN_AT_ONCE = 250;

  private static final int KNOWN_AT_ONCE = 5_000;

  private final LiveSubscriptions subscriptions;
  private final LaneLock lock;
  private final Starter starter;
  private final Consumer<Runnable> starting;

  /**
   * @param starting runs a change of lanes under their lock, and then makes the attempts that
   *     follow
   */
  CopyReader(
      LiveSubscriptions subscriptions,
      LaneLock lock,
      Starter starter,
      Consumer<Runnable> starting) {
    this.subscriptions = subscriptions;
    this.lock = lock;
    this.starter = starter;
    this.starting = starting;
  }

  /** Reads those of the lanes that nobody reads right now. */
  void read(Collection<Lane> lanes) {
    if (lanes.isEmpty()) {
      return;
    }
    List<List<Lane>> portions = lock.locked(() -> ask(lanes));
    int read = 0;
    try {
      for (; read < portions.size(); read++) {
        readAtOnce(portions.get(read));
      }
    } finally {
      // Those before may be asked for by others already.
      portions.subList(read, portions.size()).forEach(this::answered);
    }
  }

  private static List<List<Lane>> ask(Collection<Lane> lanes) {
    List<Lane> known = new ArrayList<>();
    List<Lane> unknown = new ArrayList<>();
    for (Lane lane : lanes) {
      if (lane.copy.ask()) {
        (lane.copy.version() < 0 ? unknown : known).add(lane);
      }
    }
    List<List<Lane>> portions = new ArrayList<>();
    cut(known, KNOWN_AT_ONCE, portions);
    cut(unknown, UNKNOWN_AT_ONCE, portions);
    return portions;
  }

  private static void cut(List<Lane> lanes, int most, List<List<Lane>> portions) {
    for (int from = 0; from < lanes.size(); from += most) {
      portions.add(lanes.subList(from, Math.min(lanes.size(), from + most)));
    }
  }

  private void readAtOnce(List<Lane> portion) {
    Map<UUID, Lane> byId = new HashMap<>();
    Map<UUID, Long> versions = new HashMap<>();
    lock.locked(() -> {
      for (Lane lane : portion) {
        byId.put(lane.subscriptionId, lane);
        versions.put(lane.subscriptionId, lane.copy.version());
      }
      return true;
    });
    long askedNanos = System.nanoTime();
    List<LiveSubscriptions.Copy> changed = subscriptions.changed(versions);
    starting.accept(() -> {
      for (LiveSubscriptions.Copy copy : changed) {
        Lane lane = byId.get(copy.id());
        if (lane != null) {
          lane.take(copy, askedNanos);
        }
      }
      for (Lane lane : portion) {
        lane.copy.confirm(askedNanos);
      }
      starter.pump(portion);
    });
    answered(portion);
  }

  private void answered(List<Lane> portion) {
    lock.locked(() -> {
      portion.forEach(lane -> lane.copy.answered());
      return true;
    });
  }
}
