package io.outboxworker.subscription;

import io.outboxworker.subscription.InvalidSubscription.Fault;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.SigningSecret;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant asks for; checked whole before anything is stored.
 *
 * @param secret null asks for a generated one
 */
public record NewSubscription(
    UUID tenantId,
    String event,
    String url,
    @Nullable String secret,
    @Nullable String description) {
  private static final Pattern EVENT =
      Pattern.compile("\\*|[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.([A-Za-z0-9_-]+|\\*)");

  /** Everything that is wrong with it, each with what is allowed; empty where it can be stored. */
  List<Fault> faults(EndpointGuard guard) {
    List<Fault> faults = new ArrayList<>();
    if (!EVENT.matcher(event).matches() || event.length() > 102) {
      faults.add(
          new Fault(
              "event",
              "event \"%s\": must be a name like invoice.created, a group like invoice.*, or *"
                  .formatted(event)));
    }
    guard.faults(url).forEach(fault -> faults.add(new Fault("url", fault)));
    if (secret != null) {
      try {
        SigningSecret.of(secret);
      } catch (IllegalArgumentException e) {
        faults.add(new Fault("secret", String.valueOf(e.getMessage())));
      }
    }
    return faults;
  }
}
