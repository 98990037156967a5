package io.outboxworker.delivery;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What one attempt of a delivery saw.
 *
 * @param attempt its number, from 1
 * @param httpStatus null where no answer came
 * @param error why it did not succeed; null where it did
 * @param response the first bytes of the answer; null where there was none, or it was erased
 */
public record SeenAttempt(
    int attempt,
    Instant at,
    long durationMs,
    @Nullable Integer httpStatus,
    @Nullable String error,
    @Nullable String response) {}
