package io.outboxworker.delivery;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One delivery as lists show it, whichever table it lies in.
 *
 * @param status pending, retrying, delivered or failed
 * @param httpStatus of the last attempt, null where it saw none
 * @param lastError why the last attempt did not succeed; null where it did or none was made
 * @param nextAttemptAt when a retry falls due, null where none waits
 */
public record DeliveryItem(
    UUID id,
    UUID eventId,
    String event,
    UUID subscriptionId,
    String url,
    String status,
    int attempts,
    @Nullable Integer httpStatus,
    @Nullable Integer durationMs,
    @Nullable String lastError,
    Instant createdAt,
    @Nullable Instant finishedAt,
    @Nullable Instant nextAttemptAt) {}
