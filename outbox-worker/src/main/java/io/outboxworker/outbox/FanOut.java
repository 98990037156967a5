package io.outboxworker.outbox;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.database.SqlFault;
import io.outboxworker.delivery.Lanes;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.outbox.Outbox.Pick;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(5);
  private static final Duration LOW_WATER_LAG = Duration.ofSeconds(2);
  private static final Duration FROM_ZERO_EVERY = Duration.ofSeconds(1);
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
  public Duration step() {
    Instant before = clock.now();
    Pick pick = nextPick();
    Batch batch;
    try {
      batch = outbox.fanOut(pick, ROWS, lanes.roomsForNewborn(), passedOver());
    } catch (RuntimeException e) {
      if (!SqlFault.isOfData(e)) {
        throw e;
      }
      fanOutInHalves(outbox.oldest(ZERO, ROWS, passedOver()));
      return Duration.ZERO;
    }
    handOver(batch);
    boolean full = batch.picked() == ROWS || batch.events() < batch.picked();
    if (pick instanceof Pick.Oldest && !full) {
      lowWater = Outbox.smallestIdAt(before.minus(LOW_WATER_LAG));
    }
    newestNext = full && pick instanceof Pick.Oldest;
    return nextPause(full, batch.events() > 0);
  }

  /**
   * Now and then from zero, because an id is made at the insert and may be committed much later.
   */
  private Pick nextPick() {
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
