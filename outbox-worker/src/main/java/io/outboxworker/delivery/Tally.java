package io.outboxworker.delivery;

import io.outboxworker.delivery.Result.Attempted;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts and tells what was recorded, once it is committed. Used by the recorder's thread alone.
 */
final class Tally {
  private static final Logger log = LoggerFactory.getLogger(Tally.class);

  private final Metrics metrics;
  private final Consumer<Set<UUID>> orderedRecorded;
  private final Consumer<Duration> retryRecorded;

  /**
   * @param orderedRecorded is told the ordered subscriptions of which a result was committed
   * @param retryRecorded is told how soon a retry is due that was committed
   */
  Tally(Metrics metrics, Consumer<Set<UUID>> orderedRecorded, Consumer<Duration> retryRecorded) {
    this.metrics = metrics;
    this.orderedRecorded = orderedRecorded;
    this.retryRecorded = retryRecorded;
  }

  /** A batch was committed; results whose rows were not found had lost their leases. */
  void count(List<Result> batch, Recording.Recorded recorded) {
    int lost = 0;
    Set<UUID> ordered = new HashSet<>();
    for (Result result : batch) {
      if (!recorded.deliveries().contains(result.claim().id())) {
        lost++;
        tellLost(result);
      } else if (result instanceof Attempted attempted) {
        countFinal(attempted);
        if (attempted.subscription().ordered()) {
          ordered.add(attempted.claim().subscriptionId());
        }
      }
    }
    if (!ordered.isEmpty()) {
      orderedRecorded.accept(ordered);
    }
    if (lost > 0) {
      metrics.leasesLost(lost);
    }
    for (var subscriptionId : recorded.disabledSubscriptions()) {
      metrics.subscriptionDisabled();
      log.atWarn().addKeyValue("subscription_id", subscriptionId).log("subscription disabled");
    }
  }

  /** A result could not be written at all: as if its lease were lost. */
  void dropped() {
    metrics.leasesLost(1);
  }

  private void countFinal(Attempted result) {
    Message message = result.claim().message();
    switch (result.verdict()) {
      case Verdict.Delivered delivered -> {
        metrics.delivered(message.event(), message.tenantId());
        tell(result, "delivered");
      }
      case Verdict.Failed failed -> {
        metrics.failed(message.event(), message.tenantId());
        if (result.outcome() instanceof Outcome.Blocked) {
          metrics.targetBlocked();
        }
        tell(result, "failed");
      }
      case Verdict.RetryIn again -> {
        metrics.retried(message.event(), message.tenantId(), again.reason());
        retryRecorded.accept(result.leftOf(again.delay()));
        tell(result, "retrying");
      }
    }
  }

  private static void tell(Attempted result, String status) {
    var line = status.equals("delivered") ? log.atDebug() : log.atInfo();
    Message message = result.claim().message();
    line.addKeyValue("status", status)
        .addKeyValue("event", message.event())
        .addKeyValue("event_id", message.eventId())
        .addKeyValue("delivery_id", result.claim().id())
        .addKeyValue("subscription_id", result.claim().subscriptionId())
        .addKeyValue("tenant_id", message.tenantId())
        .addKeyValue("attempt", result.claim().attempt())
        .addKeyValue("ms", result.outcome().took().toMillis())
        .addKeyValue("error", result.error())
        .log("attempt");
  }

  private static void tellLost(Result result) {
    log.atWarn()
        .addKeyValue("delivery_id", result.claim().id())
        .addKeyValue("attempt", result.claim().attempt())
        .log("lease lost, result dropped");
  }
}
