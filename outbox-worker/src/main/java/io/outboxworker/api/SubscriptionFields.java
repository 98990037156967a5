package io.outboxworker.api;

import io.outboxworker.subscription.SubscriptionSettings;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A subscription's settings as bodies have them; what is not sent stays as it was before. */
final class SubscriptionFields {
  /** All that can be sent, but for the secret. */
  static final Set<String> NAMES =
      Set.of(
          "url",
          "event",
          "active",
          "description",
          "headers",
          "retry_delays",
          "timeout",
          "max_in_flight",
          "max_per_second",
          "ordered",
          "signature");

  private SubscriptionFields() {}

  /** The settings before, with what was sent. */
  static SubscriptionSettings over(SubscriptionSettings before, Fields fields) {
    return new SubscriptionSettings(
        or(fields.text("url"), before.url()),
        or(fields.text("event"), before.event()),
        or(fields.bool("active"), before.active()),
        fields.has("description") ? fields.text("description") : before.description(),
        fields.has("headers")
            ? Objects.requireNonNullElse(fields.texts("headers"), Map.of())
            : before.headers(),
        fields.has("retry_delays") ? fields.durations("retry_delays") : before.retryDelays(),
        fields.has("timeout") ? fields.duration("timeout") : before.timeout(),
        fields.has("max_in_flight")
            ? fields.integer("max_in_flight", 1, SubscriptionSettings.MAX_IN_FLIGHT)
            : before.maxInFlight(),
        fields.has("max_per_second")
            ? fields.integer("max_per_second", 1, SubscriptionSettings.MAX_PER_SECOND)
            : before.maxPerSecond(),
        or(fields.bool("ordered"), before.ordered()),
        or(fields.text("signature"), before.signature()));
  }

  private static <T> T or(@Nullable T sent, T before) {
    return sent == null ? before : sent;
  }
}
