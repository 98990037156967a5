package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.Contract;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Requests made up from the OpenAPI document, right ones and wrong ones: none may see a 5xx, and
 * each answer must be one that the document promises (the client holds it against it). More of
 * them: {@code -Dtest=ApiFuzzTest -Dfuzz.requests=20000}.
 */
final class ApiFuzzTest {
  private record Operation(String method, String path, JsonNode description) {}

  @Test
  void no_request_sees_a_fault_of_ours_or_an_answer_that_was_not_promised() {
    int requests = Integer.getInteger("fuzz.requests", 300);
    long seed = Long.getLong("fuzz.seed", 8_143_018_865_782L);
    Map<Integer, Integer> statuses = new TreeMap<>();
    try (Shop shop = new Shop();
        Workers workers = new Workers(shop);
        TestReceiver receiver = new TestReceiver()) {
      var worker = workers.start("OUTBOX_API_REQUESTS_PER_SECOND", "1000000");
      try (ApiClient api = ApiClient.of(worker, shop)) {
        var wire = new RequestMaker(new Random(seed), receiver.url("/hook"));
        List<Operation> operations = operations();
        for (int i = 0; i < requests; i++) {
          Operation operation = operations.get(wire.below(operations.size()));
          var reply =
              api.send(wire.request(api, operation.method, operation.path, operation.description));
          assertThat(reply.status())
              .as(
                  "seed %d, request %d: %s %s: %s",
                  seed, i, operation.method, reply.raw().uri(), reply.raw().body())
              .isLessThan(500);
          statuses.merge(reply.status(), 1, Integer::sum);
          wire.learn(reply);
        }
      }
    }
    System.out.printf("fuzz: seed %d, %d requests, answers %s%n", seed, requests, statuses);
    assertThat(statuses.keySet()).contains(200, 404, 422);
  }

  private static List<Operation> operations() {
    List<Operation> operations = new ArrayList<>();
    Contract.DOCUMENT
        .path("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(operation ->
                    operations.add(
                        new Operation(
                            operation.getKey().toUpperCase(Locale.ROOT),
                            path.getKey(),
                            operation.getValue()))));
    // Those outside of the API take no token, and the stream never ends.
    List<String> routes =
        new Api(20, null, List.of())
            .routes().stream()
                .map(route -> route.method().text() + " " + Api.BASE + route.path())
                .filter(route -> !route.endsWith("/stream"))
                .toList();
    operations.removeIf(operation -> !routes.contains(operation.method + " " + operation.path));
    return operations;
  }
}
