package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.Contract;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.Workers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * Requests made up from the OpenAPI document, right ones and wrong ones: none may see a 5xx, and
 * each answer must be one that the document promises (the client holds it against it). More of
 * them: {@code -Dtest=ApiFuzzTest -Dfuzz.requests=20000}.
 */
final class ApiFuzzTest {
  private record Operation(String method, String path, JsonNode description) {}

  private static final int REQUESTS = Integer.getInteger("fuzz.requests", 300);
  private static final long SEED = Long.getLong("fuzz.seed", 8_143_018_865_782L);
  private static final int AT_ONCE = 4;

  /** Of one tenant: replays of replays double its log, so that thousands would fill the disk. */
  private static final int ROUND = 500;

  private static final List<Operation> OPERATIONS = operations();

  private final Map<Integer, Integer> statuses = new ConcurrentSkipListMap<>();

  @Test
  void no_request_sees_a_fault_of_ours_or_an_answer_that_was_not_promised() throws Exception {
    long startedNanos = System.nanoTime();
    try (Shop shop = new Shop();
        Workers workers = new Workers(shop);
        TestReceiver receiver = new TestReceiver();
        ExecutorService clients = Executors.newFixedThreadPool(AT_ONCE)) {
      var worker = workers.start("OUTBOX_API_REQUESTS_PER_SECOND", "1000000");
      List<Callable<Void>> rounds = new ArrayList<>();
      for (int from = 0; from < REQUESTS; from += ROUND) {
        int first = from;
        rounds.add(() -> {
          try (ApiClient api = ApiClient.of(worker, shop, UUID.randomUUID())) {
            round(api, receiver.url("/hook"), first);
          }
          return null;
        });
      }
      for (Future<Void> round : clients.invokeAll(rounds)) {
        round.get();
      }
    }
    System.out.printf(
        "fuzz: seed %d, %d requests in %d s, answers %s%n",
        SEED, REQUESTS, Duration.ofNanos(System.nanoTime() - startedNanos).toSeconds(), statuses);
    assertThat(statuses.keySet()).contains(200, 404, 422);
  }

  /** Ends with nothing that would go on in the background. */
  private void round(ApiClient api, String url, int first) {
    var wire = new RequestMaker(new Random(SEED + first), url);
    for (int i = first; i < Math.min(first + ROUND, REQUESTS); i++) {
      Operation operation = OPERATIONS.get(wire.below(OPERATIONS.size()));
      var reply =
          api.send(wire.request(api, operation.method, operation.path, operation.description));
      assertThat(reply.status())
          .as(
              "seed %d, request %d: %s %s: %s",
              SEED, i, operation.method, reply.raw().uri(), reply.raw().body())
          .isLessThan(500);
      statuses.merge(reply.status(), 1, Integer::sum);
      wire.learn(operation.path, reply);
    }
    api.get("/subscriptions?limit=200")
        .body()
        .path("items")
        .findValuesAsText("id")
        .forEach(id -> api.delete("/subscriptions/" + id));
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
