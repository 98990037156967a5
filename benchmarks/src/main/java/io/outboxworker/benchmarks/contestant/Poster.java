package io.outboxworker.benchmarks.contestant;

import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.webhook.Cidr;
import io.outboxworker.webhook.EgressRules;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.Envelope;
import io.outboxworker.webhook.Outcome;
import io.outboxworker.webhook.Post;
import io.outboxworker.webhook.Sender;
import io.outboxworker.webhook.SigningSecret;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * The very POSTs of the worker, made and signed by its own code, for all who run on a JVM.
 * Thread-safe.
 */
final class Poster {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Sender sender;
  private final List<SigningSecret> secrets = new ArrayList<>();
  private final List<URI> urls = new ArrayList<>();
  private final Audience audience;

  /**
   * @param endpoints where the receiver listens, up to the number of the endpoint
   */
  Poster(String endpoints, Audience audience) {
    EndpointGuard guard =
        new EndpointGuard(
            new EgressRules(
                true, List.of(Cidr.parse("127.0.0.0/8")), Set.of(), Set.of(), Set.of()));
    guard.install();
    this.sender = new Sender(guard, "benchmark", null, null);
    this.audience = audience;
    for (int n = 0; n < audience.subscriptions(); n++) {
      secrets.add(Audience.secret(n));
      urls.add(URI.create(endpoints + n));
    }
  }

  /** Posts the event to the first subscription of its tenant. */
  CompletableFuture<Outcome> send(UUID id, long seq, String data) {
    Instant now = Instant.now();
    int tenant = audience.tenant(seq);
    int subscription = tenant * audience.perTenant();
    byte[] body =
        new Envelope(
                id, EventId.tenantId(tenant), Audience.EVENT, "invoice", "inv-" + seq, now, data)
            .body("gestiqcloud");
    return sender.send(
        new Post(
            urls.get(subscription),
            id,
            id,
            Audience.EVENT,
            1,
            body,
            secrets.get(subscription),
            null,
            Map.of(),
            null,
            TIMEOUT),
        now);
  }

  /** Posts and waits; IllegalStateException where it was not accepted. */
  void post(UUID id, long seq, String data) {
    Outcome outcome = send(id, seq, data).join();
    if (!(outcome instanceof Outcome.Accepted)) {
      throw new IllegalStateException(outcome.error());
    }
  }
}
