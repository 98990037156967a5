package io.outboxworker.outbox;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.database.Halves;
import io.outboxworker.database.PassedOver;
import io.outboxworker.database.SqlFault;
import io.outboxworker.delivery.Lanes;
import io.outboxworker.metrics.Metrics;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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

  /**
   * Enough to find the events of who can be served, without parking much of what cannot; and small
   * batches let others come in between.
   */
  private static final int FEWEST_ROWS = 100;

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(5);

  private static final Duration PAUSE_WHILE_LANES_ARE_FULL = Duration.ofMillis(20);
  private static final Duration LONGEST_WAIT_FOR_ROOM = Duration.ofMillis(100);

  /** So long what was parked may be worked off before more of it is fanned out. */
  private static final Duration LONGEST_WAIT_FOR_PARKED = Duration.ofMillis(300);

  private final Outbox outbox;
  private final Lanes lanes;
  private final DatabaseClock clock;
  private final Metrics metrics;
  private final Duration longestPause;

  private final Turns turns = new Turns();
  private int most = ROWS;
  private boolean lanesWereFull;
  private Set<UUID> parked = Set.of();
  private boolean foundNothing;
  private long lastNanos;
  private long notBeforeNanos = System.nanoTime();
  private Duration pause = SHORTEST_PAUSE;
  private final PassedOver passedOver = new PassedOver();

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

  /** Fans at most one batch out. */
  public Duration step() throws InterruptedException, SQLException {
    if (turns.isForOthers()) {
      fanOut(ROWS);
    } else if (System.nanoTime() - notBeforeNanos >= 0) {
      int rows = rows();
      if (rows > 0) {
        lastNanos = System.nanoTime();
        notBeforeNanos = lastNanos;
        Duration untilNext = fanOut(rows);
        notBeforeNanos = System.nanoTime() + untilNext.toNanos();
      }
    }
    long until = Math.min(notBeforeNanos - System.nanoTime(), turns.untilOthersNanos());
    return Duration.ofNanos(Math.max(0, until));
  }

  /** Fewer where there is no room for them; none where others come first. */
  private int rows() throws InterruptedException {
    if (!turns.isBehind()) {
      return ROWS;
    }
    long sinceLast = System.nanoTime() - lastNanos;
    if (sinceLast < LONGEST_WAIT_FOR_PARKED.toNanos() && lanes.areWorkingOff(parked)) {
      notBeforeNanos = System.nanoTime() + SHORTEST_PAUSE.toNanos();
      return 0;
    }
    long limit = Math.min(LONGEST_WAIT_FOR_ROOM.toNanos() - sinceLast, turns.untilOthersNanos());
    if (lanes.awaitRoom(Duration.ofNanos(limit))) {
      return most;
    }
    boolean waited = System.nanoTime() - lastNanos >= LONGEST_WAIT_FOR_ROOM.toNanos();
    return waited ? FEWEST_ROWS : 0;
  }

  private Duration fanOut(int rows) throws SQLException {
    long startedNanos = System.nanoTime();
    Instant before = clock.now();
    Pick pick = turns.next();
    Batch batch;
    try {
      batch =
          foundNothing && pick instanceof Pick.Oldest oldest && !outbox.isWaiting(oldest)
              ? Batch.NONE
              : outbox.fanOut(pick, rows, lanes.roomsForNewborn(), passedOver.ids());
    } catch (RuntimeException e) {
      if (SqlFault.isOfDatabase(e)) {
        throw e;
      }
      turns.failed(pick);
      fanOutInHalves(pick, e);
      return Duration.ZERO;
    }
    handOver(batch);
    foundNothing = batch.picked() == 0;
    boolean full = batch.picked() == rows || batch.events() < batch.picked();
    turns.took(pick, batch, full, before, System.nanoTime() - startedNanos);
    return pick instanceof Pick.Others ? Duration.ZERO : pauseAfter(batch, full);
  }

  /**
   * What is fanned out beyond the lanes' room is parked and claimed again, which costs as much as
   * to fan it out: so what is parked comes first, where its lanes get on with it.
   */
  private Duration pauseAfter(Batch batch, boolean full) {
    boolean few = full && batch.claims().size() < batch.events() / 2;
    // At both ends: else somebody at the other one has room.
    parked = few && lanesWereFull ? batch.parked() : Set.of();
    lanesWereFull = few;
    if (few) {
      most = FEWEST_ROWS;
      return PAUSE_WHILE_LANES_ARE_FULL;
    }
    if (batch.parked().isEmpty()) {
      most = Math.min(ROWS, most + FEWEST_ROWS);
    }
    return nextPause(full, batch.events() > 0);
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
  private void fanOutInHalves(Pick pick, RuntimeException fault) {
    List<UUID> next = outbox.next(pick, FEWEST_ROWS, passedOver.ids());
    if (next.isEmpty()) {
      throw fault;
    }
    List<Batch> batches = new ArrayList<>();
    try {
      Halves.run(next, ids -> batches.add(fanOut(ids)), this::passOver);
    } finally {
      batches.forEach(this::handOver);
    }
  }

  private Batch fanOut(List<UUID> ids) {
    return outbox.fanOut(
        new Pick.These(ids), ids.size(), lanes.roomsForNewborn(), passedOver.ids());
  }

  private void passOver(UUID id, RuntimeException fault) {
    passedOver.add(id, fault, log, "event_id", "event cannot be fanned out, passed over");
    metrics.eventPassedOver();
  }
}
