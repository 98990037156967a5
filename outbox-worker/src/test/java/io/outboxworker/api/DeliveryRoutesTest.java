package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.outboxworker.Worker;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.TestReceiver.Received;
import io.outboxworker.testing.Workers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Deliveries over HTTP: lists, one of them, once more, erased; against a running worker. */
final class DeliveryRoutesTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Shop shop = new Shop();
  private static final TestReceiver receiver = new TestReceiver();
  private static final Workers workers = new Workers(shop);
  private static final Worker worker = workers.start("OUTBOX_RETRY_DELAYS", "100ms,1h");
  private static final ApiClient api = ApiClient.of(worker, shop);

  @AfterAll
  static void close() {
    api.close();
    workers.close();
    receiver.close();
    shop.close();
  }

  @Test
  void a_delivery_shows_what_was_sent_and_what_each_attempt_saw() {
    receiver.behave("/second", (post, number) -> number == 1 ? 500 : 200);
    UUID subscription = shop.subscribe("second.time", receiver.url("/second"));
    UUID event = shop.publish("second.time", "{\"n\" : 1.50}");
    JsonNode item = await().atMost(SOON).until(() -> only(subscription), is("delivered"));

    Reply shown = api.get("/deliveries/" + item.path("id").asText());

    assertThat(shown.status()).isEqualTo(200);
    item.properties()
        .forEach(e -> assertThat(shown.body().get(e.getKey())).isEqualTo(e.getValue()));
    assertThat(item.path("event_id").asText()).isEqualTo(event.toString());
    assertThat(item.path("attempts").intValue()).isEqualTo(2);
    assertThat(item.path("last_error").isNull()).isTrue();
    assertThat(shown.text("resource_type")).isEqualTo("second");
    assertThat(shown.text("resource_id")).isEqualTo("r-1");
    assertThat(shown.text("/history/0/error")).isEqualTo("HTTP 500");
    assertThat(shown.body().at("/history/0/http_status").intValue()).isEqualTo(500);
    assertThat(shown.body().at("/history/1/attempt").intValue()).isEqualTo(2);
    assertThat(shown.body().at("/history")).hasSize(2);
    Received last = receiver.received("/second").getLast();
    assertThat(shown.text("payload")).isEqualTo(new String(last.body(), StandardCharsets.UTF_8));
    assertThat(shown.text("payload")).contains("{\"n\" : 1.50}");
  }

  @Test
  void the_request_headers_are_those_that_were_sent_with_their_signatures_masked() {
    UUID subscription = shop.subscribe("head.ers", receiver.url("/headers"));
    shop.database()
        .exec(
            "update webhooks.subscription set headers = '{\"X-Team\":\"blue\"}' where id = '%s'"
                .formatted(subscription));
    shop.publish("head.ers", "{}");
    JsonNode item = await().atMost(SOON).until(() -> only(subscription), is("delivered"));

    JsonNode shown =
        api.get("/deliveries/" + item.path("id").asText()).body().path("request_headers");

    Received sent = receiver.received("/headers").getFirst();
    assertThat(shown.properties()).isNotEmpty();
    shown
        .properties()
        .forEach(header -> {
          String value = sent.header(header.getKey().toLowerCase(java.util.Locale.ROOT));
          String masked = header.getValue().asText();
          if (masked.endsWith("…")) {
            assertThat(value).startsWith(masked.substring(0, masked.length() - 1));
          } else {
            assertThat(value).as(header.getKey()).isEqualTo(masked);
          }
        });
    List<String> names = new ArrayList<>();
    shown.fieldNames().forEachRemaining(name -> names.add(name.toLowerCase(java.util.Locale.ROOT)));
    var sentNames = new HashSet<>(sent.headers().keySet());
    sentNames.remove("host");
    assertThat(names).containsExactlyInAnyOrderElementsOf(sentNames);
    assertThat(shown.path("X-Signature").asText()).isEqualTo("sha256=…");
    assertThat(shown.path("webhook-signature").asText()).isEqualTo("v1,…");
  }

  @Test
  void deliveries_of_every_status_are_listed_and_each_filter_finds_its_own() {
    receiver.behave("/later", (post, number) -> 503);
    receiver.behave("/never", (post, number) -> 400);
    UUID later = shop.subscribe("many.faces", receiver.url("/later"));
    UUID good = shop.subscribe("many.faces", receiver.url("/good"));
    shop.publish("many.faces", "{}");
    await().atMost(SOON).until(() -> only(later), item -> item.path("attempts").intValue() == 2);
    await().atMost(SOON).until(() -> only(good), is("delivered"));

    assertThat(statuses("event=many.faces")).containsExactlyInAnyOrder("retrying", "delivered");
    assertThat(statuses("event=many.faces&status=retrying")).containsExactly("retrying");
    assertThat(statuses("event=many.faces&status=delivered")).containsExactly("delivered");
    assertThat(statuses("event=many.faces&status=pending")).isEmpty();
    assertThat(statuses("event=many.faces&resource_id=r-1")).hasSize(2);
    assertThat(statuses("event=many.faces&resource_id=r-2")).isEmpty();
    assertThat(statuses("event=many.faces&subscription_id=" + good)).containsExactly("delivered");
    assertThat(statuses("event=many.faces&since=2999-01-01T00:00:00Z")).isEmpty();
    assertThat(statuses("event=many.faces&until=2020-01-01T00:00:00Z")).isEmpty();
    assertThat(statuses("event=many")).isEmpty();
    JsonNode retrying = only(later);
    assertThat(retrying.path("next_attempt_at").asText()).isNotEmpty();
    assertThat(retrying.path("last_error").asText()).isEqualTo("HTTP 503");
    assertThat(api.post("/deliveries/" + retrying.path("id").asText() + "/retry").status())
        .isEqualTo(409);
    assertThat(api.delete("/deliveries/" + retrying.path("id").asText() + "/payload").status())
        .isEqualTo(409);
    assertThat(api.delete("/deliveries/" + only(good).path("id").asText() + "/payload").status())
        .as("the other delivery still needs the event")
        .isEqualTo(409);
  }

  @ParameterizedTest
  @CsvSource({
    "status=lost, /status",
    "subscription_id=7, /subscription_id",
    "since=yesterday, /since",
    "limit=201, /limit",
    "limit=0, /limit",
    "cursor=x, /cursor",
    "sort=up, /sort",
  })
  void a_parameter_that_makes_no_sense_is_named(String query, String pointer) {
    Reply refused = api.get("/deliveries?" + query);
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.text("/errors/0/pointer")).isEqualTo(pointer);
  }

  @Test
  void a_final_delivery_is_sent_once_more_as_a_new_one() {
    UUID subscription = shop.subscribe("once.more", receiver.url("/more"));
    UUID event = shop.publish("once.more", "{\"a\":1}");
    JsonNode first = await().atMost(SOON).until(() -> only(subscription), is("delivered"));

    Reply retried = api.post("/deliveries/" + first.path("id").asText() + "/retry");

    assertThat(retried.status()).isEqualTo(202);
    assertThat(retried.text("status")).isEqualTo("pending");
    assertThat(retried.text("id")).isNotEqualTo(first.path("id").asText());
    assertThat(retried.header("Location")).endsWith("/deliveries/" + retried.text("id"));
    await().atMost(SOON).until(() -> receiver.received("/more").size() == 2);
    assertThat(receiver.received("/more"))
        .allSatisfy(post -> assertThat(post.header("webhook-id")).isEqualTo(event.toString()));
    assertThat(receiver.received("/more").get(1).body())
        .isEqualTo(receiver.received("/more").get(0).body());
    Reply shown = api.get("/deliveries/" + retried.text("id"));
    assertThat(shown.text("replay_of")).isEqualTo(first.path("id").asText());
    assertThat(
            shop.database()
                .number(
                    "select count(*) from webhooks.audit_log where action = 'delivery.retried'"))
        .isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"many.*", "*", "many.faces*"})
  void a_group_of_events_is_no_filter_and_the_refusal_says_what_is(String group) {
    Reply refused = api.get("/deliveries?event=" + group);

    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.text("/errors/0/pointer")).isEqualTo("/event");
    assertThat(refused.text("detail"))
        .isEqualTo("event must be one event's whole name, like invoice.created; no group");
  }

  @Test
  void a_delivery_of_a_paused_subscription_is_not_sent_once_more() {
    UUID subscription = shop.subscribe("pau.sed", receiver.url("/paused"));
    shop.publish("pau.sed", "{}");
    JsonNode item = await().atMost(SOON).until(() -> only(subscription), is("delivered"));
    shop.subscriptions().setActive(shop.tenant(), subscription, false);

    Reply refused = api.post("/deliveries/" + item.path("id").asText() + "/retry");

    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.text("detail")).contains("not active");
  }

  @Test
  void an_erased_payload_is_gone_and_never_sent_again() {
    UUID subscription = shop.subscribe("era.sed", receiver.url("/erased"));
    shop.publish("era.sed", "{\"name\":\"Alice\"}");
    JsonNode item = await().atMost(SOON).until(() -> only(subscription), is("delivered"));
    String path = "/deliveries/" + item.path("id").asText();

    assertThat(api.delete(path + "/payload").status()).isEqualTo(204);

    Reply shown = api.get(path);
    assertThat(shown.body().path("payload").isNull()).isTrue();
    assertThat(shown.text("status")).isEqualTo("delivered");
    assertThat(shown.body().at("/history/0/response").isNull()).isTrue();
    assertThat(shown.body().at("/history/0/http_status").intValue()).isEqualTo(204);
    assertThat(api.post(path + "/retry").status()).isEqualTo(409);
    assertThat(api.delete(path + "/payload").status()).as("erasing twice").isEqualTo(204);
    assertThat(
            shop.database()
                .number(
                    "select count(*) from webhooks.event_log where event = 'era.sed'"
                        + " and data::text = '{}'"))
        .isEqualTo(1);
  }

  @Test
  void another_tenant_sees_nothing_of_it() {
    UUID subscription = shop.subscribe("my.own", receiver.url("/own"));
    shop.publish("my.own", "{}");
    JsonNode item = await().atMost(SOON).until(() -> only(subscription), is("delivered"));
    String id = item.path("id").asText();
    try (ApiClient other = ApiClient.of(worker, shop, UUID.randomUUID())) {
      for (String strange : List.of(id, UUID.randomUUID().toString(), "nonsense")) {
        assertThat(other.get("/deliveries/" + strange).status()).isEqualTo(404);
        assertThat(other.post("/deliveries/" + strange + "/retry").status()).isEqualTo(404);
        assertThat(other.delete("/deliveries/" + strange + "/payload").status()).isEqualTo(404);
      }
      assertThat(other.get("/deliveries").body().path("items")).isEmpty();
      assertThat(other.get("/deliveries?subscription_id=" + subscription).body().path("items"))
          .isEmpty();
    }
    assertThat(api.get("/deliveries/" + id).text("payload")).isNotEmpty();
    assertThat(receiver.received("/own")).hasSize(1);
  }

  private static JsonNode only(UUID subscription) {
    return api.get("/deliveries?subscription_id=" + subscription).body().at("/items/0");
  }

  private static Predicate<JsonNode> is(String status) {
    return item -> item.path("status").asText().equals(status);
  }

  private static List<String> statuses(String query) {
    return StreamSupport.stream(
            api.get("/deliveries?" + query).body().path("items").spliterator(), false)
        .map(item -> item.path("status").asText())
        .toList();
  }
}
