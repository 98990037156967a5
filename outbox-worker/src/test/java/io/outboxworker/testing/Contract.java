package io.outboxworker.testing;

import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.atlassian.oai.validator.report.ValidationReport;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.api.Api;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** The API's OpenAPI document, as what answers are held against. */
public final class Contract {
  /** The document itself. */
  public static final JsonNode DOCUMENT = read();

  private static final OpenApiInteractionValidator VALIDATOR =
      OpenApiInteractionValidator.createForInlineApiSpecification(DOCUMENT.toString()).build();

  private Contract() {}

  /** Fails where an answer is not one that the document promises for this request. */
  public static void check(HttpResponse<String> answer) {
    List<String> faults = faults(answer);
    if (!faults.isEmpty()) {
      throw new AssertionError(
          "%s %s: %d %s\n%s"
              .formatted(
                  answer.request().method(),
                  answer.uri(),
                  answer.statusCode(),
                  answer.body(),
                  String.join("\n", faults)));
    }
  }

  /** How an answer differs from what the document promises; a 405 is promised for all others. */
  public static List<String> faults(HttpResponse<String> answer) {
    return faults(answer, answer.statusCode(), answer.body());
  }

  /** The same for an answer with another status and body. */
  public static List<String> faults(HttpResponse<String> answer, int status, String body) {
    var response = SimpleResponse.Builder.status(status).withBody(body);
    answer.headers().map().forEach((name, values) -> response.withHeader(name, values));
    var method = Request.Method.valueOf(answer.request().method());
    ValidationReport report =
        VALIDATOR.validateResponse(answer.uri().getPath(), method, response.build());
    boolean unknown =
        report.getMessages().stream()
            .anyMatch(message -> message.getKey().startsWith("validation.request."));
    if (unknown) {
      boolean preflight = answer.request().method().equals("OPTIONS") && status == 204;
      return preflight || List.of(404, 405).contains(status)
          ? List.of()
          : List.of("no route of the document");
    }
    return report.getMessages().stream()
        .filter(message -> message.getLevel() == ValidationReport.Level.ERROR)
        .map(message -> message.getKey() + ": " + message.getMessage())
        .toList();
  }

  private static JsonNode read() {
    try (var file = Api.class.getResourceAsStream("openapi.json")) {
      return new ObjectMapper()
          .readTree(
              new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
