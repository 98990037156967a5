package io.outboxworker.delivery;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which of a tenant's deliveries; null means any.
 *
 * @param event an exact name
 * @param since created at or after, to the millisecond
 * @param until created before, to the millisecond
 */
public record DeliveryFilter(
    UUID tenantId,
    @Nullable DeliveryStatus status,
    @Nullable String event,
    @Nullable UUID subscriptionId,
    @Nullable String resourceId,
    @Nullable Instant since,
    @Nullable Instant until) {
  /** All of a tenant's deliveries with that status that were created since then. */
  public static DeliveryFilter since(
      UUID tenantId, @Nullable DeliveryStatus status, @Nullable Instant since) {
    return new DeliveryFilter(tenantId, status, null, null, null, since, null);
  }

  /** No delivery that matches has a smaller id. */
  UUID firstId() {
    return since == null ? Ids.FIRST : Ids.smallestAt(since);
  }

  /** Every delivery that matches has a smaller id. */
  UUID endId() {
    return until == null ? Ids.LAST : Ids.smallestAt(until);
  }
}
