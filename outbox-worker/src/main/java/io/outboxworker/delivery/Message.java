package io.outboxworker.delivery;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An event as its deliveries send it; the deliveries of one fan-out share one copy of the body. */
@SuppressWarnings(
    "ArrayRecordComponent") // shared by all deliveries of the event, and never changed
public record Message(
    UUID eventId,
    UUID tenantId,
    String event,
    byte[] body,
    @Nullable String traceparent,
    Instant occurredAt) {}
