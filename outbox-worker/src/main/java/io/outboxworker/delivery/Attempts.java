package io.outboxworker.delivery;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.tracing.AttemptSpan;
import io.outboxworker.tracing.Tracing;
import io.outboxworker.webhook.Outcome;
import io.outboxworker.webhook.Post;
import io.outboxworker.webhook.Sender;
import io.outboxworker.webhook.Signer;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes attempts: sends, judges, hands the result to the recorder, tells the lane. It holds neither
 * a transaction nor a connection. Thread-safe.
 */
final class Attempts {
  /**
   * An attempt that a lane has decided to make.
   *
   * @param latestNanos after this, by {@link System#nanoTime()}, it must not be sent: the lease
   *     would not outlast it, or the copy of the subscription is too old
   */
  record Start(Claim claim, Subscription subscription, Duration timeout, long latestNanos) {}

  /**
   * How endpoints are reached.
   *
   * @param challenge what an endpoint has to answer before its first delivery; null where nothing
   * @param tracing where spans of attempts go; null where nowhere
   */
  record Wire(Sender sender, @Nullable EndpointChallenge challenge, @Nullable Tracing tracing) {}

  private static final Logger log = LoggerFactory.getLogger(Attempts.class);

  private final Sender sender;
  private final @Nullable EndpointChallenge challenge;
  private final @Nullable Tracing tracing;
  private final RetrySchedule schedule;
  private final Recorder recorder;
  private final DatabaseClock clock;
  private final Metrics metrics;

  Attempts(
      Wire wire, RetrySchedule schedule, Recorder recorder, DatabaseClock clock, Metrics metrics) {
    this.sender = wire.sender;
    this.challenge = wire.challenge;
    this.tracing = wire.tracing;
    this.schedule = schedule;
    this.recorder = recorder;
    this.clock = clock;
    this.metrics = metrics;
  }

  void start(List<Start> starts, Lanes lanes) {
    for (Start start : starts) {
      sender.execute(() -> send(start, lanes));
    }
  }

  private void send(Start start, Lanes lanes) {
    lanes.sending();
    if (System.nanoTime() - start.latestNanos > 0) {
      lanes.postponed(start.claim);
      return;
    }
    unlessBroken(start, lanes, () -> begin(start, lanes));
  }

  /** Whatever breaks an attempt must not keep its slot, or lane and worker would run full. */
  private static void unlessBroken(Start start, Lanes lanes, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      // Counted as claimed and without a result, so that what breaks workers ends as worker_lost.
      log.atError().addKeyValue("delivery_id", start.claim.id()).setCause(e).log("attempt broke");
      lanes.unstarted(start.claim);
    }
  }

  /** The future needs no reader: it never fails, and settling is its end. */
  @SuppressWarnings("FutureReturnValueIgnored")
  private void begin(Start start, Lanes lanes) {
    Instant startedAt = clock.now();
    Message message = start.claim.message();
    if (start.claim.attempts() == 0) {
      metrics.lag(Duration.between(message.occurredAt(), startedAt));
    }
    Post post;
    try {
      post = post(start, startedAt);
    } catch (IllegalArgumentException e) {
      Outcome impossible = new Outcome.Blocked(Duration.ZERO, String.valueOf(e.getMessage()));
      settle(start, null, impossible, startedAt, lanes);
      return;
    }
    if (challenge == null || challenge.isVerified(start.subscription)) {
      post(start, post, startedAt, lanes);
      return;
    }
    challenge
        .challenge(start.subscription, post.url(), post.secret(), start.timeout, startedAt)
        .thenAccept(failure ->
            unlessBroken(start, lanes, () -> challenged(start, post, failure, startedAt, lanes)));
  }

  private void challenged(
      Start start, Post post, Optional<Outcome> failure, Instant startedAt, Lanes lanes) {
    if (failure.isPresent()) {
      settle(start, span(start, post, startedAt), failure.get(), startedAt, lanes);
    } else if (System.nanoTime() - start.latestNanos > 0) {
      lanes.unstarted(start.claim);
      recorder.add(new Result.GivenBack(start.claim));
    } else {
      post(start, post, clock.now(), lanes);
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored")
  private void post(Start start, Post post, Instant startedAt, Lanes lanes) {
    AttemptSpan span = span(start, post, startedAt);
    CompletableFuture<Outcome> coming;
    try {
      coming = sender.send(span == null ? post : span.post(), startedAt);
    } catch (RuntimeException | Error e) {
      if (span != null) {
        span.broke(e);
      }
      throw e;
    }
    coming.thenAccept(outcome -> settle(start, span, outcome, startedAt, lanes));
  }

  private @Nullable AttemptSpan span(Start start, Post post, Instant startedAt) {
    return tracing == null
        ? null
        : tracing.begin(post, start.claim.message().tenantId(), start.subscription.id(), startedAt);
  }

  /** Refuses what only a change by hand can have stored: no sender could make a POST of it. */
  private static Post post(Start start, Instant now) {
    Subscription subscription = start.subscription;
    Signer secret = subscription.secret();
    if (secret == null) {
      throw new IllegalArgumentException("the subscription's signing secret cannot be read");
    }
    Message message = start.claim.message();
    return new Post(
        endpoint(subscription.url()),
        start.claim.id(),
        message.eventId(),
        message.event(),
        start.claim.attempt(),
        message.body(),
        secret,
        subscription.previousSecretAt(now),
        subscription.headers(),
        message.traceparent(),
        start.timeout);
  }

  private static URI endpoint(String url) {
    try {
      return new URI(url);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("the endpoint URL cannot be parsed", e);
    }
  }

  private void settle(
      Start start, @Nullable AttemptSpan span, Outcome outcome, Instant startedAt, Lanes lanes) {
    long endedNanos = System.nanoTime();
    if (span != null) {
      span.end(outcome);
    }
    Claim claim = start.claim;
    Verdict verdict = schedule.judge(outcome, claim.attempt(), start.subscription.retryDelays());
    Result.Attempted result =
        new Result.Attempted(claim, start.subscription, outcome, verdict, startedAt, endedNanos);
    metrics.attempted(claim.message().event(), claim.message().tenantId(), outcome.took());
    Integer status = outcome.status();
    if (status != null) {
      metrics.answered(claim.message().event(), status);
    }
    recorder.add(result);
    lanes.finished(result);
  }
}
