package io.outboxworker.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.database.SqlFault;
import io.outboxworker.subscription.LiveSubscriptions;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.webhook.Envelope;
import io.outboxworker.webhook.Outcome;
import io.outboxworker.webhook.Post;
import io.outboxworker.webhook.Sender;
import io.outboxworker.webhook.Signer;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks an endpoint, before its first delivery, whether it wants webhooks at all: a signed POST with
 * a random challenge that it has to answer with. So nobody is flooded at a URL that a stranger
 * typed. Thread-safe.
 */
final class EndpointChallenge {
  private static final Logger log = LoggerFactory.getLogger(EndpointChallenge.class);

  static final String EVENT = "webhook.verification";

  private static final int CHALLENGE_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Sender sender;
  private final LiveSubscriptions subscriptions;
  private final String source;
  private final Map<UUID, CompletableFuture<Optional<Outcome>>> running = new ConcurrentHashMap<>();

  /** Of those that proved it and whose row this worker has not read again since: the URL. */
  private final Map<UUID, String> justVerified = new ConcurrentHashMap<>();

  EndpointChallenge(Sender sender, LiveSubscriptions subscriptions, String source) {
    this.sender = sender;
    this.subscriptions = subscriptions;
    this.source = source;
  }

  /** Whether it proved that it wants what goes to its present URL. */
  boolean isVerified(Subscription subscription) {
    if (subscription.verifiedAt() != null) {
      justVerified.remove(subscription.id());
      return true;
    }
    return subscription.url().equals(justVerified.get(subscription.id()));
  }

  /**
   * Challenges it, once for all who ask at the same time. Empty where it proved it, else what the
   * attempt that asked has come to.
   */
  CompletableFuture<Optional<Outcome>> challenge(
      Subscription subscription, URI url, Signer secret, Duration timeout, Instant now) {
    CompletableFuture<Optional<Outcome>> mine = new CompletableFuture<>();
    CompletableFuture<Optional<Outcome>> theirs = running.putIfAbsent(subscription.id(), mine);
    if (theirs != null) {
      return theirs;
    }
    byte[] random = new byte[CHALLENGE_BYTES];
    RANDOM.nextBytes(random);
    String challenge = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    Post post = post(subscription, url, secret, timeout, now, challenge);
    var unused =
        sender
            .send(post, now)
            .thenAccept(outcome ->
                // The database is asked, and the threads of sends must not wait for it.
                Thread.startVirtualThread(() -> settle(subscription, challenge, outcome, mine)));
    return mine;
  }

  private void settle(
      Subscription subscription,
      String challenge,
      Outcome outcome,
      CompletableFuture<Optional<Outcome>> mine) {
    Optional<Outcome> failure = failure(challenge, outcome);
    if (failure.isEmpty()) {
      markVerified(subscription);
    }
    running.remove(subscription.id());
    mine.complete(failure);
  }

  /** Where it can't be stored the next attempt asks again: nobody waits for the database. */
  private void markVerified(Subscription subscription) {
    try {
      subscriptions.markVerified(subscription);
      justVerified.put(subscription.id(), subscription.url());
    } catch (RuntimeException e) {
      log.atWarn()
          .addKeyValue("subscription_id", subscription.id())
          .addKeyValue("error", SqlFault.describe(e))
          .log("verification not stored");
    }
  }

  private Post post(
      Subscription subscription,
      URI url,
      Signer secret,
      Duration timeout,
      Instant now,
      String challenge) {
    UUID id = UUID.randomUUID();
    String data = "{\"challenge\":\"" + challenge + "\"}";
    Envelope envelope =
        new Envelope(
            id,
            subscription.tenantId(),
            EVENT,
            "subscription",
            subscription.id().toString(),
            now,
            data);
    return new Post(
        url,
        UUID.randomUUID(),
        id,
        EVENT,
        1,
        envelope.body(source),
        secret,
        subscription.previousSecretAt(now),
        subscription.headers(),
        null,
        timeout);
  }

  static Optional<Outcome> failure(String challenge, Outcome outcome) {
    return switch (outcome) {
      case Outcome.Accepted accepted when echoes(accepted.answer(), challenge) -> Optional.empty();
      case Outcome.Accepted accepted ->
          Optional.of(
              new Outcome.Unreachable(
                  accepted.took(),
                  Outcome.Reason.BAD_RESPONSE,
                  "endpoint did not answer with the verification challenge"));
      case Outcome.Refused refused ->
          Optional.of(
              new Outcome.Refused(
                  refused.took(),
                  refused.status(),
                  refused.answer(),
                  "verification challenge: " + refused.error(),
                  refused.retryAfter()));
      case Outcome.Unreachable unreachable -> Optional.of(unreachable);
      case Outcome.Blocked blocked -> Optional.of(blocked);
    };
  }

  /** The challenge alone as text, or as {@code challenge} of a JSON object. */
  private static boolean echoes(String answer, String challenge) {
    if (answer.strip().equals(challenge)) {
      return true;
    }
    try {
      JsonNode echoed = JSON.readTree(answer).path("challenge");
      return echoed.isTextual() && echoed.textValue().equals(challenge);
    } catch (JsonProcessingException e) {
      return false;
    }
  }
}
