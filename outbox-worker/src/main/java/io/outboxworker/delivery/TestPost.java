package io.outboxworker.delivery;

import io.outboxworker.subscription.EventTypes;
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
    Envelope envelope = EventTypes.sample(subscription.event(), id, subscription.tenantId(), now);
    Post post =
        new Post(
            URI.create(subscription.url()),
            UUID.randomUUID(),
            id,
            envelope.event(),
            1,
            envelope.body(source),
            secret,
            subscription.previousSecretAt(now),
            subscription.headers(),
            null,
            Objects.requireNonNullElse(subscription.timeout(), attemptTimeout));
    return sender.send(post, now).join();
  }

  /** The body of a sample event, as this worker would send it. */
  public byte[] body(Envelope sample) {
    return sample.body(source);
  }

  @Override
  public void close() {
    sender.close();
  }
}
