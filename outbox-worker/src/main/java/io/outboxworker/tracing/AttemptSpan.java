package io.outboxworker.tracing;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.outboxworker.webhook.Outcome;
import io.outboxworker.webhook.Post;
import java.time.Instant;

/**
 * The span of one attempt, which ends when its outcome is known or it broke; nothing of it can
 * fail.
 */
public final class AttemptSpan {
  private final Span span;
  private final Post post;
  private final Instant startedAt;

  AttemptSpan(Span span, Post post, Instant startedAt) {
    this.span = span;
    this.post = post;
    this.startedAt = startedAt;
  }

  /** What to send: it names this span as the receiver's parent. */
  public Post post() {
    return post;
  }

  /** Ends the span when the attempt ended, and hands it over for export if it is sampled. */
  public void end(Outcome outcome) {
    Integer status = outcome.status();
    if (status != null) {
      span.setAttribute("http.response.status_code", status.longValue());
    }
    String error = outcome.error();
    if (error != null) {
      span.setAttribute("error.type", errorType(outcome));
      span.setStatus(StatusCode.ERROR, error);
    }
    span.end(startedAt.plus(outcome.took()));
  }

  /** Ends the span of an attempt that broke on the way to its POST, and so has no outcome. */
  public void broke(Throwable failure) {
    span.setAttribute("error.type", failure.getClass().getName());
    // Its own message may hold what is secret; the log has it.
    span.setStatus(StatusCode.ERROR, "the attempt broke before it was sent");
    span.end(startedAt);
  }

  private static String errorType(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Accepted accepted -> "";
      case Outcome.Refused refused -> refused.status().toString();
      case Outcome.Unreachable unreachable -> unreachable.reason().label();
      case Outcome.Blocked blocked -> "blocked";
    };
  }
}
