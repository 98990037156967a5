package io.outboxworker.delivery;

import io.outboxworker.delivery.Result.Attempted;
import io.outboxworker.subscription.LiveSubscriptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * What a batch of results says of their subscriptions, in the batch's own transaction: failing
 * since when, well again, gone.
 */
final class EndpointHealth {
  private final Duration disableAfter;

  /**
   * @param disableAfter how long a subscription may fail without a success
   */
  EndpointHealth(Duration disableAfter) {
    this.disableAfter = disableAfter;
  }

  /**
   * Notes what these results say and returns the subscriptions that were disabled. Writes only
   * where the copies in memory say that something changes: not once a delivery.
   */
  List<UUID> note(Handle handle, List<Attempted> finished, List<Attempted> retried) {
    Set<UUID> healthy = new HashSet<>();
    Set<UUID> newlyFailing = new HashSet<>();
    Set<UUID> failing = new HashSet<>();
    Set<UUID> gone = new HashSet<>();
    for (Attempted result : finished) {
      UUID id = result.claim().subscriptionId();
      boolean wasFailing = result.subscription().failingSince() != null;
      switch (result.verdict()) {
        case Verdict.Delivered delivered when wasFailing -> healthy.add(id);
        case Verdict.Failed failed when failed.endpointGone() -> gone.add(id);
        case Verdict.Failed failed -> (wasFailing ? failing : newlyFailing).add(id);
        case Verdict.Delivered delivered -> {}
        case Verdict.RetryIn again -> throw new IllegalStateException("a retry is not final");
      }
    }
    for (Attempted result : retried) {
      boolean wasFailing = result.subscription().failingSince() != null;
      (wasFailing ? failing : newlyFailing).add(result.claim().subscriptionId());
    }
    return write(handle, healthy, newlyFailing, failing, gone);
  }

  private List<UUID> write(
      Handle handle, Set<UUID> healthy, Set<UUID> newlyFailing, Set<UUID> failing, Set<UUID> gone) {
    List<UUID> disabled = new ArrayList<>();
    if (!gone.isEmpty()) {
      disabled.addAll(LiveSubscriptions.disableGone(handle, gone));
    }
    if (!newlyFailing.isEmpty()) {
      LiveSubscriptions.markFailing(handle, newlyFailing);
    }
    failing.removeAll(healthy);
    if (!failing.isEmpty()) {
      disabled.addAll(LiveSubscriptions.disableFailing(handle, failing, disableAfter));
      LiveSubscriptions.warnFailing(handle, failing, disableAfter);
    }
    if (!healthy.isEmpty()) {
      LiveSubscriptions.markHealthy(handle, healthy);
    }
    return disabled;
  }
}
