package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.Worker;
import io.outboxworker.database.Database;
import io.outboxworker.outbox.Publisher;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Events over HTTP: committed once, whatever is repeated. */
final class EventRoutesTest {
  private static final Shop shop = new Shop();
  private static final Workers workers = new Workers(shop);
  private static final Worker worker = workers.start();
  private static final ApiClient api = ApiClient.of(worker, shop);
  private static final String BODY =
      "{\"event\":\"invoice.created\",\"resource_id\":\"inv-1\",\"data\":{\"b\" :"
          + " 1.50,\"a\":\"é\"}}";

  @AfterAll
  static void close() {
    api.close();
    workers.close();
    shop.close();
  }

  @Test
  void an_event_is_committed_as_it_was_sent() {
    Reply accepted = publish("", BODY);

    assertThat(accepted.status()).isEqualTo(202);
    assertThat(accepted.body()).hasSize(1);
    assertThat(stored(accepted.text("id")))
        .containsExactly(
            "invoice.created",
            "invoice",
            "inv-1",
            "{\"b\" : 1.50,\"a\":\"é\"}",
            shop.tenant().toString());
  }

  @Test
  void the_same_key_and_body_answer_the_same_id() {
    Reply first = publish("key-1", BODY);
    Reply again = publish("key-1", BODY);

    assertThat(again.status()).isEqualTo(202);
    assertThat(again.text("id")).isEqualTo(first.text("id"));
    assertThat(publish("key-2", BODY).text("id")).isNotEqualTo(first.text("id"));
    Reply other = publish("key-1", BODY.replace("1.50", "1.5"));
    assertThat(other.status()).isEqualTo(409);
    assertThat(other.text("type")).isEqualTo("urn:outbox-worker:problem:conflict");
    try (ApiClient stranger = ApiClient.of(worker, shop, UUID.randomUUID())) {
      assertThat(publish(stranger, "key-1", BODY).text("id")).isNotEqualTo(first.text("id"));
    }
  }

  @Test
  void calls_at_the_same_time_with_one_key_make_one_event() throws Exception {
    Callable<String> call = () -> publish("at-once", BODY).text("id");
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var ids =
          threads.invokeAll(IntStream.range(0, 8).mapToObj(n -> call).toList()).stream()
              .map(future -> future.resultNow())
              .distinct()
              .toList();
      assertThat(ids).hasSize(1);
    }
  }

  @Test
  void a_key_counts_for_24_hours_and_is_forgotten_after_that() {
    Reply first = publish("old-key", BODY);
    shop.database()
        .exec(
            "update webhooks.idempotency_key set created_at = now() - interval '24 hours 1 s'"
                + " where key = 'old-key'");
    Reply later = publish("old-key", BODY.replace("inv-1", "inv-2"));
    assertThat(later.status()).isEqualTo(202);
    assertThat(later.text("id")).isNotEqualTo(first.text("id"));

    shop.database()
        .exec(
            "update webhooks.idempotency_key set created_at = now() - interval '25 hours'"
                + " where key = 'old-key'");
    try (Database pool = Database.open(shop.database().settings(), "test", 1, null)) {
      new Publisher(pool.jdbi()).forgetOldKeys();
    }
    assertThat(
            shop.database()
                .number("select count(*) from webhooks.idempotency_key where key = 'old-key'"))
        .isZero();
    assertThat(publish("key-3", BODY).status()).isEqualTo(202);
  }

  @Test
  void everything_that_is_wrong_is_told_at_once() {
    Reply refused =
        publish(
            "k".repeat(256),
            "{\"event\":\"invoice\",\"resource_type\":\"\",\"resource_id\":\"%s\",\"data\":[1],\"extra\":1}"
                .formatted("x".repeat(1001)));

    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.body().path("errors").findValuesAsText("pointer"))
        .containsExactlyInAnyOrder(
            "/event", "/resource_type", "/resource_id", "/data", "/extra", "/Idempotency-Key");
    assertThat(publish("", "{}").body().path("errors").findValuesAsText("pointer"))
        .containsExactlyInAnyOrder("/event", "/resource_id", "/data");
  }

  @Test
  void data_may_have_262144_bytes_and_the_body_320_KiB() {
    String full = "{\"x\":\"" + "y".repeat(262_144 - 8) + "\"}";
    assertThat(publish("", body(full)).status()).isEqualTo(202);
    Reply more = publish("", body(full.replace("x", "xx")));
    assertThat(more.status()).isEqualTo(422);
    assertThat(more.text("/errors/0/pointer")).isEqualTo("/data");
    assertThat(publish("", body("{\"x\":\"" + "y".repeat(320 * 1024) + "\"}")).status())
        .isEqualTo(413);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"event\":\"a.b\",\"resource_id\":\"1\",\"data\":{\"a\":1,\"a\":2}}        | 400",
        "{\"event\":\"a.b\",\"resource_id\":\"1\",\"data\":{}} x                     | 400",
        "{\"event\":\"a.b\",\"resource_id\":\"\\u0000\",\"data\":{}}                 | 422",
        "{\"event\":\"a.b\",\"resource_id\":null,\"data\":{}}                        | 422",
        "{\"event\":\"a.b\",\"resource_id\":\"1\",\"data\":{\"zero\":\"\\u0000\"}}   | 202",
        "{\"event\":\"a.b\",\"resource_id\":\"1\",\"data\":{\"big\":1e999999}}       | 202",
      })
  void odd_bodies_are_refused_or_taken_but_never_an_error_of_ours(String body, int status) {
    assertThat(publish("", body).status()).isEqualTo(status);
  }

  private static String body(String data) {
    return "{\"event\":\"a.b\",\"resource_id\":\"1\",\"data\":" + data + "}";
  }

  private static Reply publish(String key, String body) {
    return publish(api, key, body);
  }

  private static Reply publish(ApiClient client, String key, String body) {
    var request =
        client
            .request("/events")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body));
    return client.send(key.isEmpty() ? request : request.header("Idempotency-Key", key));
  }

  private static List<@Nullable String> stored(String id) {
    return shop.row(
        """
        select event, coalesce(resource_type, split_part(event, '.', 1)), resource_id, data::text, tenant_id::text
        from (
          select id, event, resource_type, resource_id, data, tenant_id from webhooks.outbox
          union all
          select id, event, resource_type, resource_id, data, tenant_id from webhooks.event_log) e
        where id = '%s'
        """
            .formatted(id));
  }
}
