package io.outboxworker.api;

import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a route answers.
 *
 * @param body written as JSON; null for an answer without a body
 */
record Answer(int status, @Nullable Object body, Map<String, String> headers) {
  private static final String JSON = "application/json";

  /** No page of these answers is to be kept, guessed at, framed or run. */
  private static final Map<String, String> SECURITY_HEADERS =
      Map.of(
          "Cache-Control", "no-store",
          "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'",
          "Referrer-Policy", "no-referrer",
          "X-Content-Type-Options", "nosniff",
          "X-Frame-Options", "DENY");

  static Answer ok(Object body) {
    return new Answer(200, body, Map.of());
  }

  /** 201 with the place of what was made. */
  static Answer created(Object body, String location) {
    return new Answer(201, body, Map.of("Location", location));
  }

  /** 202 with the place where its progress can be seen. */
  static Answer accepted(Object body, String location) {
    return new Answer(202, body, Map.of("Location", location));
  }

  static Answer noContent() {
    return new Answer(204, null, Map.of());
  }

  /** For a route that has written its answer itself, such as a stream. */
  static Answer written() {
    return new Answer(0, null, Map.of());
  }

  void send(ServerRequest request, ServerResponse response) {
    if (status == 0) {
      return;
    }
    headers.forEach(response::header);
    send(request, response, status, JSON, body);
  }

  /** Sends a problem. */
  static void send(ServerRequest request, ServerResponse response, Problem problem) {
    problem.headers().forEach(response::header);
    send(request, response, problem.kind().status(), Problem.MEDIA_TYPE, problem.body());
  }

  /** The headers that every answer of the API carries. */
  static void secure(ServerResponse response) {
    SECURITY_HEADERS.forEach(response::header);
  }

  /** Sends these bytes; to a HEAD their length alone, or they would be read as the next answer. */
  static void write(ServerRequest request, ServerResponse response, byte[] bytes) {
    if (request.prologue().method().equals(Method.HEAD)) {
      response.header(HeaderNames.CONTENT_LENGTH, Integer.toString(bytes.length));
      response.send();
    } else {
      response.send(bytes);
    }
  }

  private static void send(
      ServerRequest request,
      ServerResponse response,
      int status,
      String mediaType,
      @Nullable Object body) {
    secure(response);
    response.status(status);
    if (body == null) {
      response.send();
    } else {
      response.header(HeaderNames.CONTENT_TYPE, mediaType);
      write(request, response, Json.of(body).getBytes(StandardCharsets.UTF_8));
    }
  }
}
