package io.outboxworker.subscription;

import io.outboxworker.webhook.Signer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who wants which events, at which URL, signed with which secret; a copy of its row at one moment.
 * What is null takes the worker's default.
 *
 * @param url as stored; one that was stored by hand need not be a URL
 * @param event an exact name, a group such as {@code invoice.*}, or {@code *}
 * @param secret null once the subscription is deleted, or where no key opens it
 * @param verifiedAt when the endpoint at the present URL answered a challenge
 */
public record Subscription(
    UUID id,
    UUID tenantId,
    String url,
    String event,
    boolean active,
    @Nullable String description,
    Map<String, String> headers,
    @Nullable List<Duration> retryDelays,
    @Nullable Duration timeout,
    @Nullable Integer maxInFlight,
    @Nullable Integer maxPerSecond,
    boolean ordered,
    String signature,
    @Nullable Signer secret,
    @Nullable PreviousSecret previousSecret,
    @Nullable Instant verifiedAt,
    @Nullable Instant failingSince,
    @Nullable String disabledReason,
    @Nullable Instant disabledAt,
    @Nullable Instant deletedAt,
    Instant createdAt,
    Instant updatedAt) {

  /** The secret before a rotation, which signs as well until the overlap ends. */
  public record PreviousSecret(Signer secret, Instant until) {}

  /** The previous secret where its overlap has not ended at {@code now}. */
  public @Nullable Signer previousSecretAt(Instant now) {
    return previousSecret != null && now.isBefore(previousSecret.until)
        ? previousSecret.secret
        : null;
  }
}
