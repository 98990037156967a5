package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.Worker;
import io.outboxworker.delivery.DeliveryFeed;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.EndToEnd;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jdbi.v3.core.ConnectionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Deliveries as they happen, as server-sent events. */
final class DeliveryStreamTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(30);
  private final Worker worker = workers.start("OUTBOX_RETRY_DELAYS", "1s");
  private final HttpClient http = HttpClient.newHttpClient();

  @AfterEach
  void hangUp() {
    http.shutdownNow();
  }

  @Test
  void each_viewer_is_told_of_new_deliveries_and_of_every_change() {
    receiver.behave("/second", (post, number) -> number == 1 ? 500 : 200);
    shop.subscribe("live.event", receiver.url("/second"));
    try (ApiClient api = ApiClient.of(worker, shop);
        ApiClient stranger = ApiClient.of(worker, shop, UUID.randomUUID())) {
      List<String> first = view(api, null);
      List<String> second = view(api, null);
      List<String> foreign = view(stranger, null);

      shop.publish("live.event", "{}");

      for (List<String> seen : List.of(first, second)) {
        await()
            .atMost(SOON)
            .until(() -> data(seen).anyMatch(line -> line.contains("\"delivered\"")));
        assertThat(data(seen)).anyMatch(line -> line.contains("\"status\":\"retrying\""));
        assertThat(seen).contains("event: delivery");
      }
      assertThat(foreign).noneMatch(line -> line.startsWith("data:"));
    }
  }

  @Test
  void a_viewer_that_comes_back_gets_what_was_made_meanwhile() {
    UUID subscription = shop.subscribe("live.again", receiver.url("/ok"));
    try (ApiClient api = ApiClient.of(worker, shop)) {
      shop.publish("live.again", "{\"n\":1}");
      await().atMost(SOON).until(() -> receiver.received().size() == 1 && shop.isDone());
      String last = api.get("/deliveries?subscription_id=" + subscription).text("/items/0/id");
      shop.publish("live.again", "{\"n\":2}");
      await().atMost(SOON).until(() -> receiver.received().size() == 2 && shop.isDone());

      List<String> seen = view(api, last);

      await().atMost(SOON).until(() -> data(seen).count() == 1);
      assertThat(seen).doesNotContain("id: " + last);
    }
  }

  @Test
  void a_stream_ends_when_its_token_is_revoked() {
    try (ApiClient api = ApiClient.of(worker, shop)) {
      List<String> seen = view(api, null);
      assertThat(seen).doesNotContain("end");
      shop.database().exec("update webhooks.api_token set revoked_at = now()");
      await().atMost(Duration.ofSeconds(10)).until(() -> seen.contains("end"));
    }
  }

  @Test
  void a_silent_stream_is_kept_alive_by_pings() {
    List<String> lines = show(() -> {}, seen -> seen.size() > 6);

    assertThat(lines.subList(0, 6)).containsExactly("retry: 2000", "", ": ping", "", ": ping", "");
  }

  @Test
  void a_stream_ends_in_order_while_the_database_is_away() {
    List<String> lines =
        show(
            () -> {
              throw new ConnectionException(new SQLTransientConnectionException("all are busy"));
            },
            seen -> seen.contains("end"));

    assertThat(lines).containsExactly("retry: 2000", "", "end");
  }

  /** What a viewer of a stream without deliveries sees until it is enough. */
  private List<String> show(Runnable recheck, Predicate<List<String>> enough) {
    var stream = new DeliveryStream(Duration.ofMillis(20));
    try (DeliveryFeed feed = new DeliveryFeed(shop.jdbi());
        HttpServer server =
            new HttpServer(
                "127.0.0.1",
                0,
                List.of(rules ->
                    rules.get(
                        "/",
                        (request, response) ->
                            stream.show(
                                feed.watch(shop.tenant(), null).orElseThrow(),
                                recheck,
                                response))))) {
      URI uri = URI.create("http://127.0.0.1:" + server.port() + "/");
      List<String> lines = new CopyOnWriteArrayList<>();
      var unused =
          http.sendAsync(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofLines())
              .thenApply(HttpResponse::body)
              .thenAccept(body -> Thread.startVirtualThread(() -> read(body, lines)));
      await().atMost(SOON).until(() -> enough.test(lines));
      return List.copyOf(lines);
    }
  }

  /** Every line so far, and {@code end} after the last one; the stream has begun. */
  private List<String> view(ApiClient api, @org.jspecify.annotations.Nullable String lastSeen) {
    List<String> lines = new CopyOnWriteArrayList<>();
    var request = api.request("/deliveries/stream").GET();
    if (lastSeen != null) {
      request.header("Last-Event-ID", lastSeen);
    }
    var unused =
        http.sendAsync(request.build(), BodyHandlers.ofLines())
            .thenApply(HttpResponse::body)
            .thenAccept(body -> Thread.startVirtualThread(() -> read(body, lines)));
    await().atMost(SOON).until(() -> !lines.isEmpty());
    return lines;
  }

  private static void read(Stream<String> body, List<String> lines) {
    try (body) {
      body.forEach(lines::add);
    } catch (RuntimeException e) {
      // The client was closed.
    }
    lines.add("end");
  }

  private static Stream<String> data(List<String> lines) {
    return lines.stream().filter(line -> line.startsWith("data:"));
  }
}
