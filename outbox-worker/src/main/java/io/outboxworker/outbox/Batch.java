package io.outboxworker.outbox;

import io.outboxworker.delivery.Claim;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * What one fan-out did.
 *
 * @param picked rows that it looked at; fewer than it asked for means that no more waited
 * @param events rows that left the outbox
 * @param repeated events among them whose id was in the log already, so that they were dropped
 * @param parked subscriptions that got deliveries which are not leased
 * @param flooding tenants with more events in it than a fair part of a full one
 */
record Batch(
    int picked,
    int events,
    int repeated,
    List<Claim> claims,
    Set<UUID> parked,
    Set<UUID> flooding) {
  static final Batch NONE = new Batch(0, 0, 0, List.of(), Set.of(), Set.of());
}
