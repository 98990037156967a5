package io.outboxworker.delivery;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.delivery.Result.Attempted;
import io.outboxworker.subscription.LiveSubscriptions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * What a batch of results says of their subscriptions, in the batch's own transaction: failing
 * since when, well again, gone.
 */
final class EndpointHealth {
  private final DatabaseClock clock;
  private final Duration disableAfter;

  /**
   * @param disableAfter how long a subscription may fail without a success
   */
  EndpointHealth(DatabaseClock clock, Duration disableAfter) {
    this.clock = clock;
    this.disableAfter = disableAfter;
  }

  /**
   * Notes what these results say and returns the subscriptions that were disabled. Writes, and
   * asks, only where the copies in memory say that something changes: not once a delivery.
   */
  List<UUID> note(Handle handle, List<Attempted> finished, List<Attempted> retried) {
    Set<UUID> healthy = new HashSet<>();
    Set<UUID> gone = new HashSet<>();
    List<Attempted> failed = new ArrayList<>(retried);
    for (Attempted result : finished) {
      UUID id = result.claim().subscriptionId();
      switch (result.verdict()) {
        case Verdict.Delivered delivered when result.subscription().failingSince() != null ->
            healthy.add(id);
        case Verdict.Delivered delivered -> {}
        case Verdict.Failed failure when failure.endpointGone() -> gone.add(id);
        case Verdict.Failed failure -> failed.add(result);
        case Verdict.RetryIn again -> throw new IllegalStateException("a retry is not final");
      }
    }
    List<UUID> disabled = new ArrayList<>();
    if (!gone.isEmpty()) {
      disabled.addAll(LiveSubscriptions.disableGone(handle, gone));
    }
    disabled.addAll(noteFailed(handle, failed, healthy));
    if (!healthy.isEmpty()) {
      LiveSubscriptions.markHealthy(handle, healthy);
    }
    return disabled;
  }

  /**
   * Whether it is time to warn or to disable is seen in memory first: that transaction waits for
   * the disk, and those of endpoints that fail every day need not.
   */
  private List<UUID> noteFailed(Handle handle, List<Attempted> results, Set<UUID> healthy) {
    Set<UUID> newlyFailing = new HashSet<>();
    Map<UUID, Instant> failing = new HashMap<>();
    for (Attempted result : results) {
      UUID id = result.claim().subscriptionId();
      Instant since = result.subscription().failingSince();
      if (since == null) {
        newlyFailing.add(id);
      } else if (!healthy.contains(id)) {
        failing.put(id, since);
      }
    }
    if (!newlyFailing.isEmpty()) {
      LiveSubscriptions.markFailing(handle, newlyFailing);
    }
    Set<UUID> hopeless = longerThan(disableAfter, failing);
    List<UUID> disabled =
        hopeless.isEmpty()
            ? List.of()
            : LiveSubscriptions.disableFailing(handle, hopeless, disableAfter);
    Set<UUID> alarming = longerThan(LiveSubscriptions.warnAfter(disableAfter), failing);
    if (!alarming.isEmpty()) {
      LiveSubscriptions.warnFailing(handle, alarming, disableAfter);
    }
    return disabled;
  }

  private Set<UUID> longerThan(Duration limit, Map<UUID, Instant> failing) {
    Instant before = clock.now().minus(limit);
    return failing.entrySet().stream()
        .filter(entry -> entry.getValue().isBefore(before))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }
}
