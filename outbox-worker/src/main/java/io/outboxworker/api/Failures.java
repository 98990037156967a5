package io.outboxworker.api;

import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import io.helidon.http.DirectHandler;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.DirectHandler.TransportResponse;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.outboxworker.api.Problem.Kind;
import io.outboxworker.database.SqlFault;
import io.outboxworker.subscription.InvalidSubscription;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns whatever is thrown while a request is answered into a problem. */
final class Failures {
  private static final Logger log = LoggerFactory.getLogger(Failures.class);

  private Failures() {}

  static void addTo(HttpRouting.Builder routing) {
    routing.error(Throwable.class, Failures::answer);
  }

  /** For what the server refuses before it comes to a route, such as a broken request line. */
  static DirectHandlers beforeRouting() {
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (EventType type : EventType.values()) {
      handlers.addHandler(type, Failures::beforeRouting);
    }
    return handlers.build();
  }

  private static TransportResponse beforeRouting(
      DirectHandler.TransportRequest request,
      EventType type,
      Status status,
      io.helidon.http.ServerResponseHeaders headers,
      String message) {
    Problem problem = problem(status.code(), "the request can't be read");
    return TransportResponse.builder()
        .status(Status.create(problem.kind().status()))
        .headers(headers)
        .header(HeaderNames.CONTENT_TYPE, Problem.MEDIA_TYPE)
        .entity(Json.of(problem.body()).getBytes(StandardCharsets.UTF_8))
        .keepAlive(type.keepAlive())
        .build();
  }

  private static void answer(ServerRequest request, ServerResponse response, Throwable failure) {
    if (!response.isSent()) {
      Answer.send(request, response, problem(failure));
    }
  }

  private static Problem problem(Throwable failure) {
    return switch (failure) {
      case Problem problem -> problem;
      case InvalidSubscription invalid -> invalid(invalid);
      case RequestException refused ->
          problem(refused.status().code(), "the request can't be read");
      case HttpException refused when refused.headers().contains(HeaderNames.ALLOW) ->
          notAllowed(refused);
      case HttpException refused -> problem(refused.status().code(), "the request can't be read");
      case UncheckedIOException cut -> cut(cut);
      case InsufficientDataAvailableException cut -> cut(cut);
      default -> SqlFault.isOfTheMoment(failure) ? away(failure) : internal(failure);
    };
  }

  private static Problem notAllowed(HttpException refused) {
    String allowed = refused.headers().get(HeaderNames.ALLOW).get();
    return Problem.of(
        Kind.METHOD_NOT_ALLOWED, String.valueOf(refused.getMessage()), "Allow", allowed);
  }

  private static Problem invalid(InvalidSubscription invalid) {
    return Problem.invalid(invalid.faults().stream().map(Faults::of).toList());
  }

  private static Problem problem(int status, String detail) {
    for (Kind kind : Kind.values()) {
      if (kind.status() == status) {
        return Problem.of(kind, detail);
      }
    }
    return Problem.of(status >= 500 ? Kind.INTERNAL : Kind.MALFORMED, detail);
  }

  private static Problem cut(RuntimeException failure) {
    log.atDebug().addKeyValue("error", failure.getMessage()).log("a request ended in the middle");
    return Problem.of(Kind.MALFORMED, "the body ended too early");
  }

  private static Problem away(Throwable failure) {
    log.atWarn().addKeyValue("error", SqlFault.describe(failure)).log("a call needs the database");
    return Authentication.unavailable(
        SqlFault.isTimeout(failure)
            ? "this took the database too long; ask for less, such as a shorter time"
            : "the database does not answer");
  }

  /** The log has the trace; the answer has the word to find it by. */
  private static Problem internal(Throwable failure) {
    UUID number = UUID.randomUUID();
    log.atError().addKeyValue("request", number).setCause(failure).log("a call failed");
    return Problem.of(Kind.INTERNAL, "please report this with the number " + number);
  }
}
