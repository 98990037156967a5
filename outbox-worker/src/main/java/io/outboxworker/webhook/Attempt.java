package io.outboxworker.webhook;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One POST on its way. Whatever ends it first (the answer, a failure, the deadline, the sender's
 * close) decides the outcome, and the connection is free or closed from then on.
 */
final class Attempt implements BodyHandler<Void>, BodySubscriber<Void> {
  private static final int NO_CONTENT = 204;

  private final Destination destination;
  private final Duration timeout;
  private final Instant startedAt;
  private final long started = System.nanoTime();
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final CompletableFuture<Void> body = new CompletableFuture<>();
  private final AnswerBuffer answer = new AnswerBuffer();

  private volatile @Nullable ResponseInfo seen;
  private volatile @Nullable Throwable abortedBy;
  private volatile @Nullable CompletableFuture<?> exchange;
  private volatile Flow.@Nullable Subscription subscription;

  Attempt(Destination destination, Duration timeout, Instant startedAt) {
    this.destination = destination;
    this.timeout = timeout;
    this.startedAt = startedAt;
  }

  /** Completes once, normally, within the time limit and a moment. */
  CompletableFuture<Outcome> outcome() {
    return outcome;
  }

  /** Sets out as soon as the name is resolved, if it leads to where nothing is forbidden. */
  void start(
      CompletableFuture<Destination.Lookup> lookup,
      HttpClient client,
      HttpRequest request,
      ScheduledExecutorService timer) {
    // What waits for the outcome runs on the thread that completes it: never the timer's own.
    Future<?> deadline =
        timer.schedule(
            () -> Thread.startVirtualThread(this::expire), timeout.toNanos(), TimeUnit.NANOSECONDS);
    var unusedOutcome = outcome.whenComplete((result, failure) -> deadline.cancel(false));
    if (lookup.isDone()) {
      send(lookup.join(), client, request);
    } else {
      var unusedLookup =
          lookup.thenAccept(found -> Thread.startVirtualThread(() -> send(found, client, request)));
    }
  }

  private void send(Destination.Lookup found, HttpClient client, HttpRequest request) {
    if (found != Destination.Lookup.OPEN) {
      settle(null);
    }
    if (outcome.isDone()) {
      return;
    }
    try {
      CompletableFuture<?> running = destination.during(() -> client.sendAsync(request, this));
      exchange = running;
      var unused = running.whenComplete((response, failure) -> ended(running, failure));
      if (outcome.isDone()) {
        // Ended between the two looks, when there was nothing to cancel yet.
        running.cancel(true);
      }
    } catch (RuntimeException e) {
      settle(e);
    }
  }

  private void ended(CompletableFuture<?> running, @Nullable Throwable failure) {
    if (failure != null) {
      // The client forgets the socket of an answer that it cannot parse. What is done can't be
      // cancelled, but a future that is made from it can, and that closes the socket.
      running.newIncompleteFuture().cancel(true);
    }
    settle(failure);
  }

  /** Ends the attempt now, with the outcome that this cause stands for. */
  void abort(Throwable cause) {
    abortedBy = cause;
    CompletableFuture<?> running = exchange;
    if (running != null) {
      // The interrupting form is the one that closes the socket.
      running.cancel(true);
    }
    settle(cause);
  }

  private void expire() {
    abort(new TimedOut("no complete answer within " + Failures.seconds(timeout)));
  }

  private void settle(@Nullable Throwable failure) {
    if (outcome.isDone()) {
      return;
    }
    Duration took = Duration.ofNanos(System.nanoTime() - started);
    ResponseInfo status = seen;
    if (status != null) {
      // The status was known before whatever happened to the body.
      outcome.complete(Answers.judge(status, answer.text(), took, startedAt.plus(took)));
      return;
    }
    destination.forget();
    Throwable abort = abortedBy;
    outcome.complete(Failures.judge(abort == null ? failure : abort, destination, took));
  }

  @Override
  public BodySubscriber<Void> apply(ResponseInfo info) {
    seen = info;
    return this;
  }

  @Override
  public CompletionStage<Void> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription answers) {
    subscription = answers;
    answers.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> parts) {
    Flow.Subscription answers = subscription;
    if (!answer.take(parts) && answers != null) {
      answers.cancel();
      body.complete(null);
    }
  }

  @Override
  public void onError(Throwable failure) {
    body.complete(null);
  }

  @Override
  public void onComplete() {
    body.complete(null);
    ResponseInfo status = seen;
    // The connection is free by now, unless the answer had no body: then the exchange's end
    // settles.
    if (status != null && status.statusCode() != NO_CONTENT) {
      settle(null);
    }
  }

  /** The attempt's own deadline passed. */
  static final class TimedOut extends Exception {
    TimedOut(String message) {
      super(message, null, false, false);
    }
  }

  /** The request can't be put into HTTP; which of its headers is wrong may be a secret. */
  static final class Unsendable extends Exception {
    Unsendable() {
      super("a custom header can't be sent", null, false, false);
    }
  }

  /** The sender was closed while the attempt ran. */
  static final class Stopped extends Exception {
    Stopped() {
      super("the worker stopped before an answer came", null, false, false);
    }
  }
}
