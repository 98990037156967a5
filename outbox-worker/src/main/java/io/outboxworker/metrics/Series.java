package io.outboxworker.metrics;

import io.prometheus.client.Counter;
import io.prometheus.client.Histogram;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * All that is counted per event and tenant. Every child is there from the first attempt on, at 0: a
 * counter that appears with its first failure hides that failure from {@code rate()}.
 */
record Series(
    Counter.Child delivered,
    Counter.Child failed,
    Histogram.Child attempts,
    Map<String, Counter.Child> retries) {

  private static final List<String> REASONS =
      List.of(
          "timeout",
          "connection_error",
          "dns_error",
          "tls_error",
          "server_error",
          "client_error",
          "rate_limited",
          "redirect",
          "bad_response");

  static Series of(Counter deliveries, Histogram attempts, Counter retries, Labels.Pair pair) {
    return new Series(
        deliveries.labels(pair.event(), pair.tenant(), "delivered"),
        deliveries.labels(pair.event(), pair.tenant(), "failed"),
        attempts.labels(pair.event(), pair.tenant()),
        REASONS.stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    reason -> reason,
                    reason -> retries.labels(pair.event(), pair.tenant(), reason))));
  }

  Counter.Child retry(String reason) {
    Counter.Child child = retries.get(reason);
    if (child == null) {
      throw new IllegalArgumentException("no such reason to try again: " + reason);
    }
    return child;
  }
}
