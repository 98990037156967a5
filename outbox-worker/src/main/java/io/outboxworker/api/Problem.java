package io.outboxworker.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Why a request is refused: the body of RFC 9457 and the headers that go with it. Thrown from
 * wherever it is found; it carries no stack trace, since it tells of the request and not of us.
 */
final class Problem extends RuntimeException {
  static final String MEDIA_TYPE = "application/problem+json";

  /** The kinds of problems; the type is what programs compare, and it never changes. */
  enum Kind {
    MALFORMED(400, "malformed", "The request can't be read"),
    UNAUTHORIZED(401, "unauthorized", "A valid token is needed"),
    NOT_FOUND(404, "not-found", "There is no such thing"),
    METHOD_NOT_ALLOWED(405, "method-not-allowed", "This method is not allowed here"),
    NOT_ACCEPTABLE(406, "not-acceptable", "Nothing here is of a type that Accept allows"),
    CONFLICT(409, "conflict", "The state of things forbids it"),
    TOO_LARGE(413, "too-large", "The body is too large"),
    UNSUPPORTED_MEDIA_TYPE(415, "unsupported-media-type", "The body must be JSON"),
    INVALID(422, "invalid", "The request has values that are not allowed"),
    TOO_MANY_REQUESTS(429, "too-many-requests", "Too many requests"),
    INTERNAL(500, "internal", "A fault of the server"),
    UNAVAILABLE(503, "unavailable", "The server can't answer just now");

    private final int status;
    private final String name;
    private final String title;

    Kind(int status, String name, String title) {
      this.status = status;
      this.name = name;
      this.title = title;
    }

    int status() {
      return status;
    }

    /** The {@code type} of its problems. */
    String type() {
      return "urn:outbox-worker:problem:" + name;
    }
  }

  private final Kind kind;
  private final String detail;
  private final transient List<Fault> errors;
  private final transient Map<String, String> headers;

  private Problem(Kind kind, String detail, List<Fault> errors, Map<String, String> headers) {
    super(detail, null, false, false);
    this.kind = kind;
    this.detail = detail;
    this.errors = errors;
    this.headers = headers;
  }

  /** A problem of this kind; the detail is for people. */
  static Problem of(Kind kind, String detail) {
    return new Problem(kind, detail, List.of(), Map.of());
  }

  /** A problem with a header that its status calls for. */
  static Problem of(Kind kind, String detail, String header, String value) {
    return new Problem(kind, detail, List.of(), Map.of(header, value));
  }

  /** 422 with everything that is wrong at once. */
  static Problem invalid(List<Fault> errors) {
    String detail =
        errors.size() == 1
            ? errors.getFirst().detail()
            : "%d values are not allowed, see errors".formatted(errors.size());
    return new Problem(Kind.INVALID, detail, List.copyOf(errors), Map.of());
  }

  /** 404, the same for what never was, what was deleted and what belongs to somebody else. */
  static Problem notFound(String what) {
    return of(Kind.NOT_FOUND, "this tenant has no such " + what);
  }

  Kind kind() {
    return kind;
  }

  Map<String, String> headers() {
    return headers;
  }

  /** The body, with its fields in the order in which people read them. */
  Map<String, Object> body() {
    var body = new LinkedHashMap<String, Object>();
    body.put("type", kind.type());
    body.put("title", kind.title);
    body.put("status", kind.status);
    body.put("detail", detail);
    body.put("errors", errors);
    return body;
  }
}
