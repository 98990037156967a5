package io.outboxworker.api;

import io.outboxworker.subscription.NewSubscription;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What can be done with a subscription besides changing its settings. */
final class SubscriptionActions implements Routes.Resource {
  private static final Duration DEFAULT_OVERLAP = Duration.ofHours(24);
  private static final Duration MAX_OVERLAP = Duration.ofDays(30);

  @Override
  public void addTo(Routes routes) {
    routes.post("/subscriptions/{id}/rotate-secret", SubscriptionActions::rotate);
    routes.post("/subscriptions/{id}/test", SubscriptionActions::test);
  }

  private static Answer rotate(Call call) {
    var id = call.id("subscription");
    Fields fields = call.optionalBody("secret", "overlap");
    String secret = fields.text("secret");
    Duration sent = fields.duration("overlap");
    Duration overlap = sent == null ? DEFAULT_OVERLAP : sent;
    if (overlap.compareTo(MAX_OVERLAP) > 0) {
      fields.faults().add("overlap", "overlap must be from 0s to 30d");
    }
    if (!fields.faults().isEmpty()) {
      fields.faults().addAll(NewSubscription.secretFaults(secret));
      fields.check();
    }
    return call.database()
        .subscriptions()
        .rotateSecret(call.tenantId(), id, secret, overlap)
        .map(rotated -> Answer.ok(SubscriptionItem.withSecret(rotated)))
        .orElseThrow(() -> Problem.notFound("subscription"));
  }

  private static Answer test(Call call) {
    Subscription subscription = SubscriptionRoutes.find(call);
    call.optionalBody().check();
    if (subscription.secret() == null) {
      throw Problem.of(
          Problem.Kind.CONFLICT, "its signing secret can't be opened; rotate it to get a new one");
    }
    return Answer.ok(seen(call.database().testPost().send(subscription)));
  }

  /** What came of a test send, with the fields in their order. */
  static Map<String, @Nullable Object> seen(Outcome outcome) {
    var seen = new LinkedHashMap<String, @Nullable Object>();
    seen.put("delivered", outcome instanceof Outcome.Accepted);
    seen.put("http_status", outcome.status());
    seen.put("duration_ms", outcome.took().toMillis());
    seen.put("response", outcome.answer());
    seen.put("error", outcome.error());
    return seen;
  }
}
