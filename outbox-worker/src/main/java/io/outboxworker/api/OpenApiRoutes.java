package io.outboxworker.api;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;

/**
 * The description of the API that programs read: OpenAPI 3.1, written by hand and held by tests.
 */
public final class OpenApiRoutes implements HttpService {
  private static final String FILE = "openapi.json";

  private final byte[] document;

  /** Reads the document once. */
  public OpenApiRoutes() {
    try (var file = OpenApiRoutes.class.getResourceAsStream(FILE)) {
      document = Objects.requireNonNull(file, FILE).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void routing(HttpRules rules) {
    Api.readOnly(rules, "/" + FILE, this::serve);
  }

  private void serve(ServerRequest request, ServerResponse response) {
    Answer.secure(response);
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    Answer.write(request, response, document);
  }
}
