package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.http.Method;
import io.outboxworker.Worker;
import io.outboxworker.api.Routes.Route;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.Workers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every route with an id of one's own, of another tenant, and of nobody. */
final class RouteMatrixTest {
  private static final Shop shop = new Shop();
  private static final TestReceiver receiver = new TestReceiver();
  private static final Workers workers = new Workers(shop);
  private static final Worker worker = workers.start();
  private static final ApiClient owner = ApiClient.of(worker, shop);
  private static final ApiClient stranger = ApiClient.of(worker, shop, UUID.randomUUID());
  private static final List<Route> ROUTES = new Api(20, null, List.of()).routes();

  /** What the owner has, by the first part of a path. */
  private static Map<String, String> ids = Map.of();

  @BeforeAll
  static void deliver() {
    String subscription =
        owner
            .post(
                "/subscriptions",
                "{'url':'%s','event':'canary.sent'}".formatted(receiver.url("/canary")))
            .text("id");
    shop.publish("canary.sent", "{}");
    Awaitility.await()
        .atMost(Duration.ofSeconds(15))
        .until(() -> shop.isDone() && owner.get("/deliveries").body().path("items").size() == 1);
    String delivery = owner.get("/deliveries").text("/items/0/id");
    String replay = owner.post("/replays", "{'since':'2020-01-01T00:00:00Z'}").text("id");
    ids = Map.of("subscriptions", subscription, "deliveries", delivery, "replays", replay);
  }

  @AfterAll
  static void close() {
    owner.close();
    stranger.close();
    workers.close();
    receiver.close();
    shop.close();
  }

  @TestFactory
  List<DynamicTest> another_tenants_id_is_as_good_as_nobodys() {
    return ROUTES.stream()
        .filter(route -> route.path().contains("{id}"))
        .map(route ->
            DynamicTest.dynamicTest(
                name(route),
                () -> {
                  String own = own(route);
                  Reply foreign = call(stranger, route, own);
                  Reply random = call(owner, route, UUID.randomUUID().toString());

                  assertThat(foreign.status()).isEqualTo(404);
                  assertThat(foreign.raw().body()).isEqualTo(random.raw().body());
                  assertThat(random.status()).isEqualTo(404);
                }))
        .toList();
  }

  @TestFactory
  List<DynamicTest> lists_show_a_stranger_nothing() {
    return ROUTES.stream()
        .filter(route -> route.method().equals(Method.GET) && !route.path().contains("{id}"))
        .filter(route -> !route.path().endsWith("/stream"))
        .map(route ->
            DynamicTest.dynamicTest(
                name(route),
                () -> {
                  Reply seen = stranger.get(route.path());

                  assertThat(seen.status()).isEqualTo(200);
                  assertThat(seen.raw().body()).doesNotContain("canary");
                  ids.values().forEach(id -> assertThat(seen.raw().body()).doesNotContain(id));
                }))
        .toList();
  }

  @TestFactory
  List<DynamicTest> the_owners_own_ids_work() {
    // Last the one that ends the others.
    return ROUTES.stream()
        .filter(route -> route.path().contains("{id}"))
        .sorted((a, b) -> Boolean.compare(deletes(a), deletes(b)))
        .map(route ->
            DynamicTest.dynamicTest(
                name(route),
                () -> {
                  String own = own(route);
                  Reply reply = call(owner, route, own);

                  assertThat(reply.status()).as(reply.raw().body()).isIn(200, 202, 204, 409);
                }))
        .toList();
  }

  @TestFactory
  List<DynamicTest> nothing_is_told_without_a_token() {
    return ROUTES.stream()
        .map(route ->
            DynamicTest.dynamicTest(
                name(route),
                () -> {
                  try (ApiClient nobody = ApiClient.with(worker, shop.tenant(), null)) {
                    assertThat(call(nobody, route, UUID.randomUUID().toString()).status())
                        .isEqualTo(401);
                  }
                }))
        .toList();
  }

  private static String own(Route route) {
    return ids.entrySet().stream()
        .filter(entry -> route.path().startsWith("/" + entry.getKey() + "/"))
        .findFirst()
        .orElseThrow()
        .getValue();
  }

  private static boolean deletes(Route route) {
    return route.method().equals(Method.DELETE);
  }

  private static String name(Route route) {
    return route.method().text() + " " + route.path();
  }

  private static Reply call(ApiClient client, Route route, String id) {
    String path = route.path().replace("{id}", id);
    return switch (route.method().text()) {
      case "GET" -> client.get(path);
      case "DELETE" -> client.delete(path);
      case "PATCH" -> client.patch(path, "{}");
      default ->
          path.endsWith("/replay")
              ? client.post(path, "{'since':'2020-01-01T00:00:00Z','dry_run':true}")
              : client.post(path);
    };
  }
}
