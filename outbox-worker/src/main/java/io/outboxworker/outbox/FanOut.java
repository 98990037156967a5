package io.outboxworker.outbox;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.database.SqlFault;
import io.outboxworker.delivery.Lanes;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.outbox.Outbox.Pick;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The step that turns outbox rows into deliveries and hands the leased ones to their lanes. Called
 * by one thread again and again; returns how long to wait before the next call.
 */
public final class FanOut {
  private static final Logger log = LoggerFactory.getLogger(FanOut.class);
  private static final int ROWS = 500;

  /** Enough to find the events of who can be served, without parking much of what cannot. */
  private static final int ROWS_WITHOUT_ROOM = 100;

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(5);
  private static final Duration LOW_WATER_LAG = Duration.ofSeconds(2);
  private static final Duration FROM_ZERO_EVERY = Duration.ofSeconds(1);
  private static final Duration OTHERS_EVERY = Duration.ofMillis(250);

  /** The pick of others reads past the flood: it must not take more than a tenth of the time. */
  private static final int OTHERS_SHARE = 10;

  /** Where fewer than a tenth could be leased, time is better spent on what is leased. */
  private static final int FEW = 10;

  private static final Duration PAUSE_WHILE_LANES_ARE_FULL = Duration.ofMillis(20);
  private static final Duration LONGEST_WAIT_FOR_ROOM = Duration.ofMillis(100);
  private static final Duration PASS_OVER = Duration.ofMinutes(1);
  private static final UUID ZERO = new UUID(0, 0);

  private final Outbox outbox;
  private final Lanes lanes;
  private final DatabaseClock clock;
  private final Metrics metrics;
  private final Duration longestPause;

  private UUID lowWater = ZERO;
  private long lastFromZeroNanos = System.nanoTime() - FROM_ZERO_EVERY.toNanos();
  private boolean newestNext;
  private boolean behind;
  private boolean foundNothing;
  private final Set<UUID> flooding = new HashSet<>();
  private long othersAtNanos;
  private Duration pause = SHORTEST_PAUSE;
  private final Map<UUID, Long> passedOverUntilNanos = new HashMap<>();

  /**
   * @param longestPause while nothing is found the pause doubles up to this
   */
  public FanOut(
      Outbox outbox, Lanes lanes, DatabaseClock clock, Metrics metrics, Duration longestPause) {
    this.outbox = outbox;
    this.lanes = lanes;
    this.clock = clock;
    this.metrics = metrics;
    this.longestPause = longestPause;
  }

  /** Fans one batch out. */
  public Duration step() throws InterruptedException {
    int rows = !behind || lanes.awaitRoom(LONGEST_WAIT_FOR_ROOM) ? ROWS : ROWS_WITHOUT_ROOM;
    long startedNanos = System.nanoTime();
    Instant before = clock.now();
    Pick pick = nextPick();
    Batch batch;
    try {
      batch =
          foundNothing && pick instanceof Pick.Oldest oldest && !outbox.isWaiting(oldest)
              ? Batch.NONE
              : outbox.fanOut(pick, rows, lanes.roomsForNewborn(), passedOver());
    } catch (RuntimeException e) {
      if (!SqlFault.isOfData(e)) {
        throw e;
      }
      fanOutInHalves(outbox.oldest(ZERO, ROWS, passedOver()));
      return Duration.ZERO;
    }
    handOver(batch);
    foundNothing = batch.picked() == 0;
    boolean full = batch.picked() == rows || batch.events() < batch.picked();
    if (pick instanceof Pick.Others) {
      return afterOthers(batch, startedNanos);
    }
    if (pick instanceof Pick.Oldest && !full) {
      lowWater = Outbox.smallestIdAt(before.minus(LOW_WATER_LAG));
    }
    newestNext = full && pick instanceof Pick.Oldest;
    noteFlood(batch, full);
    if (full && batch.claims().size() < batch.events() / FEW) {
      return PAUSE_WHILE_LANES_ARE_FULL;
    }
    return nextPause(full, batch.events() > 0);
  }

  /**
   * Now and then from zero, because an id is made at the insert and may be committed much later.
   */
  private Pick nextPick() {
    if (behind && !flooding.isEmpty() && System.nanoTime() - othersAtNanos >= 0) {
      return new Pick.Others(Set.copyOf(flooding));
    }
    if (newestNext) {
      return new Pick.Newest();
    }
    long now = System.nanoTime();
    if (now - lastFromZeroNanos >= FROM_ZERO_EVERY.toNanos()) {
      lastFromZeroNanos = now;
      return new Pick.Oldest(ZERO);
    }
    return new Pick.Oldest(lowWater);
  }

  /** A quiet tenant's events may lie in the middle of a flood, far from both of its ends. */
  private void noteFlood(Batch batch, boolean full) {
    if (!behind && full) {
      othersAtNanos = System.nanoTime() + OTHERS_EVERY.toNanos();
    }
    behind = full;
    if (full) {
      flooding.addAll(batch.flooding());
    } else {
      flooding.clear();
    }
  }

  private Duration afterOthers(Batch batch, long startedNanos) {
    flooding.addAll(batch.flooding());
    long tookNanos = System.nanoTime() - startedNanos;
    othersAtNanos = System.nanoTime() + Math.max(OTHERS_EVERY.toNanos(), OTHERS_SHARE * tookNanos);
    return Duration.ZERO;
  }

  private Duration nextPause(boolean full, boolean found) {
    if (full) {
      pause = SHORTEST_PAUSE;
      return Duration.ZERO;
    }
    Duration longer = pause.multipliedBy(2);
    pause = found ? SHORTEST_PAUSE : longer.compareTo(longestPause) < 0 ? longer : longestPause;
    return pause;
  }

  private void handOver(Batch batch) {
    if (batch.repeated() > 0) {
      metrics.eventsRepeated(batch.repeated());
      log.atWarn().addKeyValue("events", batch.repeated()).log("events repeated, dropped");
    }
    // In this order: a lane that knew of parked rows before its claims would ask for more of them.
    if (!batch.claims().isEmpty()) {
      lanes.offer(batch.claims());
    }
    if (!batch.parked().isEmpty()) {
      lanes.noteParked(batch.parked());
    }
  }

  /** One row that cannot be taken must not hold up the others. */
  private void fanOutInHalves(List<UUID> ids) {
    if (ids.isEmpty()) {
      return;
    }
    try {
      handOver(
          outbox.fanOut(new Pick.These(ids), ids.size(), lanes.roomsForNewborn(), passedOver()));
    } catch (RuntimeException e) {
      if (!SqlFault.isOfData(e)) {
        throw e;
      }
      if (ids.size() == 1) {
        passOver(ids.get(0), e);
        return;
      }
      int middle = ids.size() / 2;
      fanOutInHalves(ids.subList(0, middle));
      fanOutInHalves(ids.subList(middle, ids.size()));
    }
  }

  private void passOver(UUID id, RuntimeException fault) {
    passedOverUntilNanos.put(id, System.nanoTime() + PASS_OVER.toNanos());
    metrics.eventPassedOver();
    log.atError()
        .addKeyValue("event_id", id)
        .addKeyValue("again_in_s", PASS_OVER.toSeconds())
        .addKeyValue("error", SqlFault.describe(fault))
        .log("event cannot be fanned out, passed over");
  }

  private List<UUID> passedOver() {
    long now = System.nanoTime();
    passedOverUntilNanos.values().removeIf(until -> now - until > 0);
    return List.copyOf(passedOverUntilNanos.keySet());
  }
}
