package io.outboxworker.upkeep;

import io.outboxworker.delivery.Backlog;
import io.outboxworker.delivery.Backlog.Waiting;
import io.outboxworker.delivery.Delivering;
import io.outboxworker.delivery.Endings;
import io.outboxworker.delivery.Endings.Ended;
import io.outboxworker.metrics.Metrics;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every second, on every worker: a dead worker's rows, a lost timer, a full lane and an inactive
 * subscription all heal by the same rule, and none needs the worker that left them.
 */
public final class Sweep {
  private static final Logger log = LoggerFactory.getLogger(Sweep.class);
  private static final Duration EVERY = Duration.ofSeconds(1);

  private final Backlog backlog;
  private final Endings endings;
  private final Delivering delivering;
  private final Metrics metrics;

  public Sweep(Backlog backlog, Endings endings, Delivering delivering, Metrics metrics) {
    this.backlog = backlog;
    this.endings = endings;
    this.delivering = delivering;
    this.metrics = metrics;
  }

  /** Sweeps once and returns how long to wait before the next sweep. */
  public Duration step() throws SQLException {
    if (backlog.isEmpty()) {
      return EVERY;
    }
    parkOverdue();
    tellEnded(endings.endLost());
    boolean moreWaits = tellEnded(endings.endWaiting());
    boolean moreParked = wakeOrEnd(backlog.parkedSubscriptions());
    delivering.claimSuspect();
    return moreWaits || moreParked ? Duration.ZERO : EVERY;
  }

  private void parkOverdue() {
    int orphans = backlog.parkOverdue();
    if (orphans > 0) {
      metrics.orphansRecovered(orphans);
      log.atWarn().addKeyValue("deliveries", orphans).log("leases ran out, deliveries parked");
    }
  }

  private boolean wakeOrEnd(List<Waiting> parked) {
    List<UUID> active = new ArrayList<>();
    List<UUID> inactive = new ArrayList<>();
    for (Waiting waiting : parked) {
      (waiting.active() ? active : inactive).add(waiting.subscriptionId());
    }
    if (!active.isEmpty()) {
      delivering.lanes().noteParked(active);
    }
    return !inactive.isEmpty() && tellEnded(endings.endInactive(inactive));
  }

  /** True where there were any. */
  private boolean tellEnded(List<Ended> ended) {
    for (Ended delivery : ended) {
      metrics.failed(delivery.event(), delivery.tenantId());
      log.atInfo()
          .addKeyValue("status", "failed")
          .addKeyValue("event", delivery.event())
          .addKeyValue("delivery_id", delivery.id())
          .addKeyValue("tenant_id", delivery.tenantId())
          .addKeyValue("error", delivery.error())
          .log("ended without an attempt");
    }
    return !ended.isEmpty();
  }
}
