package io.outboxworker.delivery;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One delivery with all that is known of it.
 *
 * @param replayOf the delivery that it repeats; null where it is the event's first
 * @param resourceType null once the event has left the log
 * @param payload the body as sent; null once it was erased or has left the log
 * @param requestHeaders those of the last attempt, signatures masked; null before the first one.
 *     Custom headers are the subscription's present ones.
 * @param history what each attempt saw, oldest first
 */
public record DeliveryDetail(
    DeliveryItem item,
    @Nullable UUID replayOf,
    @Nullable String resourceType,
    @Nullable String resourceId,
    @Nullable String payload,
    @Nullable Map<String, String> requestHeaders,
    List<SeenAttempt> history) {}
