package io.outboxworker.api;

import io.outboxworker.subscription.DurationText;
import io.outboxworker.subscription.Subscription;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A subscription with the fields, in the order and in the forms of the REST API; never its secret.
 */
public record SubscriptionItem(
    UUID id,
    String url,
    String event,
    boolean active,
    @Nullable String description,
    Map<String, String> headers,
    @Nullable String retryDelays,
    @Nullable String timeout,
    @Nullable Integer maxInFlight,
    @Nullable Integer maxPerSecond,
    boolean ordered,
    String signature,
    @Nullable String disabledReason,
    @Nullable Instant disabledAt,
    Instant createdAt,
    Instant updatedAt) {

  public static SubscriptionItem of(Subscription s) {
    return new SubscriptionItem(
        s.id(),
        s.url().toString(),
        s.event(),
        s.active(),
        s.description(),
        s.headers(),
        text(s.retryDelays()),
        text(s.timeout()),
        s.maxInFlight(),
        s.maxPerSecond(),
        s.ordered(),
        s.signature(),
        s.disabledReason(),
        s.disabledAt(),
        s.createdAt(),
        s.updatedAt());
  }

  private static @Nullable String text(@Nullable List<Duration> delays) {
    return delays == null ? null : DurationText.writeList(delays);
  }

  private static @Nullable String text(@Nullable Duration timeout) {
    return timeout == null ? null : DurationText.write(timeout);
  }
}
