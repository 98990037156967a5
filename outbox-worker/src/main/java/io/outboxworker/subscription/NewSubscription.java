package io.outboxworker.subscription;

import io.outboxworker.subscription.InvalidSubscription.Fault;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.SigningSecret;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant asks for; checked whole before anything is stored.
 *
 * @param secret null asks for a generated one
 */
public record NewSubscription(
    UUID tenantId, SubscriptionSettings settings, @Nullable String secret) {
  /** One with the worker's defaults. */
  public NewSubscription(
      UUID tenantId,
      String event,
      String url,
      @Nullable String secret,
      @Nullable String description) {
    this(tenantId, SubscriptionSettings.of(url, event).describedAs(description), secret);
  }

  /** Everything that is wrong with it, each with what is allowed; empty where it can be stored. */
  List<Fault> faults(EndpointGuard guard) {
    List<Fault> faults = new ArrayList<>(settings.faults(guard, null));
    faults.addAll(secretFaults(secret));
    return faults;
  }

  /** What is wrong with a secret that somebody gave; nothing where none was given. */
  public static List<Fault> secretFaults(@Nullable String secret) {
    try {
      if (secret != null) {
        SigningSecret.of(secret);
      }
      return List.of();
    } catch (IllegalArgumentException e) {
      return List.of(new Fault("secret", String.valueOf(e.getMessage())));
    }
  }
}
