package io.outboxworker.api;

import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The pages of which other origins a browser lets call the API (CORS): none unless configured. The
 * console is of the same origin and needs no permission.
 */
final class Origins {
  private static final String HEADERS = "Authorization, Content-Type, Idempotency-Key";

  private final List<String> allowed;

  Origins(List<String> allowed) {
    this.allowed = List.copyOf(allowed);
  }

  /** Tells the browser that the page may read this answer, where it may. */
  void allow(ServerRequest request, ServerResponse response) {
    if (allowed.isEmpty()) {
      return;
    }
    response.header("Vary", "Origin");
    String origin = request.headers().first(HeaderNames.ORIGIN).orElse("");
    if (allowed.contains(origin)) {
      response.header("Access-Control-Allow-Origin", origin);
      response.header("Access-Control-Expose-Headers", "Location, Retry-After");
    }
  }

  /** Answers what a browser asks before such a call; a 405 where no origin is allowed. */
  void preflight(ServerRequest request, ServerResponse response, List<Method> methods) {
    if (allowed.isEmpty()) {
      throw Api.notAllowedProblem(methods);
    }
    allow(request, response);
    if (allowed.contains(request.headers().first(HeaderNames.ORIGIN).orElse(""))) {
      response.header(
          "Access-Control-Allow-Methods",
          methods.stream().map(Method::text).sorted().collect(Collectors.joining(", ")));
      response.header("Access-Control-Allow-Headers", HEADERS);
      response.header("Access-Control-Max-Age", "600");
    }
    Answer.noContent().send(request, response);
  }
}
