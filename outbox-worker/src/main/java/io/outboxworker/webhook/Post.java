package io.outboxworker.webhook;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to be made, the first being number 1: where to, what, signed with which secret (and
 * with the previous one while a rotation's overlap lasts), and how long it may take from DNS to the
 * last byte of the answer. The subscription's own headers never replace those of the contract.
 */
@SuppressWarnings("ArrayRecordComponent") // a body is handed over, never compared
public record Post(
    URI url,
    UUID deliveryId,
    UUID eventId,
    String event,
    int attempt,
    byte[] body,
    Signer secret,
    @Nullable Signer previousSecret,
    Map<String, String> headers,
    @Nullable String traceparent,
    Duration timeout) {
  /** Copies the headers, refuses attempt numbers below 1 and time limits that are not positive. */
  public Post {
    headers = Map.copyOf(headers);
    if (attempt < 1) {
      throw new IllegalArgumentException("attempt " + attempt + ", counted from 1");
    }
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout " + timeout + " is not positive");
    }
  }

  /** The same attempt as part of another trace. */
  public Post withTraceparent(String other) {
    return new Post(
        url,
        deliveryId,
        eventId,
        event,
        attempt,
        body,
        secret,
        previousSecret,
        headers,
        other,
        timeout);
  }
}
