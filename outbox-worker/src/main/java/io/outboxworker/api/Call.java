package io.outboxworker.api;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/** One authenticated request as its route sees it. */
final class Call {
  /** The largest body of a route that says nothing else. */
  static final int MAX_BODY = 64 * 1024;

  private static final Pattern TYPE = Pattern.compile("[a-z0-9.+-]+/[a-z0-9.+*-]+");
  private static final Set<String> JSON = Set.of("application/json", "application/*");

  private final ServerRequest request;
  private final ServerResponse response;
  private final Caller caller;
  private final Runnable recheck;

  /**
   * @param recheck throws where the caller would not be let in any more
   */
  Call(ServerRequest request, ServerResponse response, Caller caller, Runnable recheck) {
    this.recheck = recheck;
    this.request = request;
    this.response = response;
    this.caller = caller;
  }

  Caller caller() {
    return caller;
  }

  /** For answers that go on for long: throws once the token was revoked or has expired. */
  void recheck() {
    recheck.run();
  }

  UUID tenantId() {
    return caller.tenantId();
  }

  ApiDatabase database() {
    return caller.database();
  }

  /** The id in the path; a 404 where it is none, for then the tenant has no such thing. */
  UUID id(String what) {
    try {
      return Fields.parseUuid(request.path().pathParameters().get("id"));
    } catch (IllegalArgumentException e) {
      throw Problem.notFound(what);
    }
  }

  /** A header's only value, empty where it was not sent; a 400 where there are several. */
  String header(String name) {
    List<String> sent = request.headers().all(HeaderNames.create(name), List::of);
    if (sent.size() > 1) {
      throw Problem.of(Problem.Kind.MALFORMED, "the header " + name + " was sent more than once");
    }
    return sent.isEmpty() ? "" : sent.getFirst();
  }

  /** The address that the request came from. */
  String address() {
    return request.remotePeer().host();
  }

  /** Refuses a caller who says that JSON is of no use to it; who says nothing takes all. */
  void requireJsonAccepted() {
    List<String> ranges =
        request.headers().values(HeaderNames.ACCEPT).stream()
            .flatMap(value -> Arrays.stream(value.split(",")))
            .toList();
    if (!ranges.isEmpty() && ranges.stream().allMatch(Call::isOtherType)) {
      throw Problem.of(Problem.Kind.NOT_ACCEPTABLE, "answers are application/json");
    }
  }

  /** Of what can't be read nobody knows that it means no JSON. Java's own client sends such. */
  private static boolean isOtherType(String range) {
    String type = range.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    return TYPE.matcher(type).matches() && !JSON.contains(type);
  }

  Parameters parameters(String... allowed) {
    return new Parameters(request.query(), Set.of(allowed));
  }

  /** The body, which must be there. */
  Fields body(String... allowed) {
    return body(MAX_BODY, Set.of(allowed));
  }

  /** The body of up to so many bytes. */
  Fields body(int maxBytes, Set<String> allowed) {
    return new Fields(Body.read(bytes(maxBytes)), allowed);
  }

  /** The body where it is optional: none reads as one without fields. */
  Fields optionalBody(String... allowed) {
    return request.content().hasEntity() ? body(allowed) : new Fields(Map.of(), Set.of(allowed));
  }

  /** The answer itself, for a route that writes it bit by bit. */
  ServerResponse response() {
    return response;
  }

  private byte[] bytes(int maxBytes) {
    if (!request.content().hasEntity()) {
      throw Problem.of(Problem.Kind.MALFORMED, "the body must be a JSON object, and is empty");
    }
    checkMediaType();
    if (request.headers().contentLength().orElse(0) > maxBytes) {
      throw tooLarge(maxBytes);
    }
    try {
      byte[] bytes = request.content().inputStream().readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw tooLarge(maxBytes);
      }
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void checkMediaType() {
    String type = header("Content-Type");
    String essence = type.split(";", 2)[0].strip();
    if (!essence.equalsIgnoreCase("application/json")) {
      throw Problem.of(
          Problem.Kind.UNSUPPORTED_MEDIA_TYPE,
          "Content-Type must be application/json" + (type.isEmpty() ? ", and is missing" : ""));
    }
  }

  private static Problem tooLarge(int maxBytes) {
    return Problem.of(
        Problem.Kind.TOO_LARGE, "the body must have at most %d bytes".formatted(maxBytes));
  }
}
