package io.outboxworker.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.outboxworker.subscription.DurationText;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.subscription.Subscription.PreviousSecret;
import io.outboxworker.subscription.Subscriptions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A subscription with the fields, in the order and in the forms of the REST API; never its secret.
 *
 * @param previousSecretUntil when the overlap of a rotation ends; null where there is none
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
    Instant updatedAt,
    @Nullable Instant previousSecretUntil) {

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
        s.updatedAt(),
        overlapEnd(s.previousSecret()));
  }

  /** The same with the secret, where this is the answer that generated it. */
  static Object withSecret(Subscriptions.Secret stored) {
    ObjectNode item = (ObjectNode) Json.tree(of(stored.subscription()));
    return stored.generated() ? item.put("secret", stored.secret().text()) : item;
  }

  private static @Nullable Instant overlapEnd(@Nullable PreviousSecret previous) {
    return previous == null || !Instant.now().isBefore(previous.until()) ? null : previous.until();
  }

  private static @Nullable String text(@Nullable List<Duration> delays) {
    return delays == null ? null : DurationText.writeList(delays);
  }

  private static @Nullable String text(@Nullable Duration timeout) {
    return timeout == null ? null : DurationText.write(timeout);
  }
}
