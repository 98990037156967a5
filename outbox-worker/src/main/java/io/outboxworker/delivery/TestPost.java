package io.outboxworker.delivery;

import io.outboxworker.subscription.Subscription;
import io.outboxworker.webhook.Envelope;
import io.outboxworker.webhook.Outcome;
import io.outboxworker.webhook.Post;
import io.outboxworker.webhook.Sender;
import io.outboxworker.webhook.Signer;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;

/**
 * One signed POST to a subscription's endpoint, to see what it answers: there is no event, no
 * delivery and no retry of it. Thread-safe.
 */
public final class TestPost implements AutoCloseable {
  private static final String DATA = "{\"test\":true}";

  private final Sender sender;
  private final String source;
  private final Duration attemptTimeout;

  /**
   * @param sender closed with this
   * @param attemptTimeout for subscriptions without one of their own
   */
  public TestPost(Sender sender, String source, Duration attemptTimeout) {
    this.sender = sender;
    this.source = source;
    this.attemptTimeout = attemptTimeout;
  }

  /** Sends it, whether the subscription is active or not, and waits for what comes of it. */
  public Outcome send(Subscription subscription) {
    Signer secret = Objects.requireNonNull(subscription.secret(), "it is not deleted");
    Instant now = Instant.now();
    UUID id = UUID.randomUUID();
    String event = event(subscription.event());
    Envelope envelope =
        new Envelope(id, subscription.tenantId(), event, "test", id.toString(), now, DATA);
    Post post =
        new Post(
            URI.create(subscription.url()),
            UUID.randomUUID(),
            id,
            event,
            1,
            envelope.body(source),
            secret,
            subscription.previousSecretAt(now),
            subscription.headers(),
            null,
            Objects.requireNonNullElse(subscription.timeout(), attemptTimeout));
    return sender.send(post, now).join();
  }

  /** A name that the subscription would get: of a group its {@code test}. */
  private static String event(String wanted) {
    return wanted.equals("*") ? "webhook.test" : wanted.replace("*", "test");
  }

  @Override
  public void close() {
    sender.close();
  }
}
