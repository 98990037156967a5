package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.Contract;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.ParseOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The document and the program say the same. */
final class OpenApiTest {
  private static final Set<String> OUTSIDE_OF_THE_API =
      Set.of(
          "GET /livez",
          "GET /readyz",
          "GET /metrics",
          "GET /openapi.json",
          "GET /.well-known/webhooks/{tenant_id}/jwks.json");

  @Test
  void a_parser_that_is_not_ours_finds_nothing_wrong_with_the_document() {
    var options = new ParseOptions();
    options.setResolve(true);

    var parsed = new OpenAPIV3Parser().readContents(Contract.DOCUMENT.toString(), null, options);

    assertThat(parsed.getMessages()).isEmpty();
    assertThat(parsed.getOpenAPI().getOpenapi()).startsWith("3.1");
  }

  @Test
  void it_describes_every_route_that_there_is_and_no_other() {
    Set<String> documented = new TreeSet<>();
    Contract.DOCUMENT
        .path("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .fieldNames()
                .forEachRemaining(method ->
                    documented.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
    documented.removeAll(OUTSIDE_OF_THE_API);

    assertThat(new Api(20, null, List.of()).routes())
        .extracting(route -> route.method().text() + " " + Api.BASE + route.path())
        .containsExactlyInAnyOrderElementsOf(documented);
  }

  @Test
  void every_route_tells_the_problems_that_any_route_can_have() {
    List<String> missing = new ArrayList<>();
    for (JsonNode path : Contract.DOCUMENT.path("paths")) {
      for (JsonNode operation : path) {
        if (!operation.has("security")) {
          for (String status : List.of("401", "429", "500", "503")) {
            if (!operation.path("responses").has(status)) {
              missing.add(operation.path("operationId").asText() + " " + status);
            }
          }
        }
      }
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void it_is_served_without_a_token_and_so_are_the_probes() {
    try (Shop shop = new Shop();
        Workers workers = new Workers(shop)) {
      var worker = workers.start();
      for (String path : List.of("/openapi.json", "/livez", "/readyz", "/metrics")) {
        var answer = workers.get(worker, path);
        assertThat(answer.statusCode()).as(path).isEqualTo(200);
        Contract.check(answer);
      }
      assertThat(workers.get(worker, "/openapi.json").headers().firstValue("Content-Type"))
          .hasValue("application/json");
    }
  }

  @Test
  void an_answer_that_breaks_the_document_is_noticed() {
    try (Shop shop = new Shop();
        Workers workers = new Workers(shop)) {
      var worker = workers.start();
      try (ApiClient api = ApiClient.of(worker, shop)) {
        var answer = api.get("/subscriptions").raw();

        assertThat(Contract.faults(answer)).isEmpty();
        assertThat(Contract.faults(answer, 200, "{\"items\":[]}")).isNotEmpty();
        assertThat(Contract.faults(answer, 200, "{\"items\":[{}],\"next_cursor\":null}"))
            .isNotEmpty();
        assertThat(Contract.faults(answer, 418, answer.body())).isNotEmpty();
      }
    }
  }
}
