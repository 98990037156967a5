package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.Worker;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.RawReceiver;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import io.outboxworker.webhook.SigningSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Subscriptions over HTTP, against a running worker. */
final class SubscriptionRoutesTest {
  private static final Shop shop = new Shop();
  private static final Workers workers = new Workers(shop);
  private static final Worker worker = workers.start();
  private static final ApiClient api = ApiClient.of(worker, shop);

  @AfterAll
  static void close() {
    api.close();
    workers.close();
    shop.close();
  }

  @Test
  void a_created_subscription_is_shown_and_listed_with_every_field() {
    Reply created =
        api.post(
            "/subscriptions",
            "{'url':'http://127.0.0.1:9/hook','event':'invoice.created','secret':'0123456789abcdef'}");

    assertThat(created.status()).isEqualTo(201);
    assertThat(created.header("Location"))
        .isEqualTo(ApiClient.BASE + "/subscriptions/" + created.text("id"));
    assertThat(created.body().fieldNames())
        .toIterable()
        .containsExactly(
            "id",
            "url",
            "event",
            "active",
            "description",
            "headers",
            "retry_delays",
            "timeout",
            "max_in_flight",
            "max_per_second",
            "ordered",
            "signature",
            "disabled_reason",
            "disabled_at",
            "created_at",
            "updated_at",
            "previous_secret_until");
    assertThat(created.text("created_at"))
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
    assertThat(api.get("/subscriptions/" + created.text("id")).body()).isEqualTo(created.body());
    assertThat(api.get("/subscriptions?event=invoice.created").body().path("items"))
        .contains(created.body());
  }

  @Test
  void every_setting_is_stored_as_it_was_given_and_the_given_secret_is_not_repeated() {
    Reply created =
        api.post(
            "/subscriptions",
            """
            {"url":"http://127.0.0.1:9/hook","event":"a.*","secret":"0123456789abcdef","active":false,"description":"n",
            "headers":{"X-Key":"k 1","x-other":""},"retry_delays":"5s,1m,10m","timeout":"1500ms","max_in_flight":7,
            "max_per_second":100000,"ordered":true,"signature":"hmac-sha256"}
            """);

    assertThat(created.status()).isEqualTo(201);
    assertThat(created.raw().body())
        .contains(
            "\"url\":\"http://127.0.0.1:9/hook\",\"event\":\"a.*\",\"active\":false,\"description\":\"n\",\"headers\":{\"X-Key\":\"k"
                + " 1\",\"x-other\":\"\"},\"retry_delays\":\"5s,1m,10m\",\"timeout\":\"1500ms\","
                + "\"max_in_flight\":7,\"max_per_second\":100000,\"ordered\":true,\"signature\":\"hmac-sha256\","
                + "\"disabled_reason\":null,\"disabled_at\":null,")
        .doesNotContain("0123456789abcdef");
  }

  @Test
  void a_generated_secret_is_shown_by_the_answer_that_made_it_and_never_again() {
    Reply created = api.post("/subscriptions", "{'url':'http://127.0.0.1:9/','event':'*'}");
    String id = created.text("id");

    assertThat(created.text("secret")).matches("whsec_[A-Za-z0-9+/]{43}=");
    assertThat(api.get("/subscriptions/" + id).body().has("secret")).isFalse();
    Reply rotated = api.post("/subscriptions/" + id + "/rotate-secret");
    assertThat(rotated.status()).isEqualTo(200);
    assertThat(rotated.text("secret")).startsWith("whsec_").isNotEqualTo(created.text("secret"));
    assertThat(Instant.parse(rotated.text("previous_secret_until")))
        .isBetween(
            Instant.now().plus(Duration.ofHours(23)), Instant.now().plus(Duration.ofDays(1)));
    assertThat(api.get("/subscriptions/" + id).text("previous_secret_until"))
        .isEqualTo(rotated.text("previous_secret_until"));
    Reply given =
        api.post(
            "/subscriptions/" + id + "/rotate-secret",
            "{'secret':'sixteen bytes ok','overlap':'0s'}");
    assertThat(given.body().has("secret")).isFalse();
    assertThat(given.body().path("previous_secret_until").isNull()).isTrue();
    shop.database()
        .exec(
            "update webhooks.subscription set previous_secret = secret,"
                + " previous_secret_until = now() - interval '1 s' where id = '%s'".formatted(id));
    assertThat(api.get("/subscriptions/" + id).body().path("previous_secret_until").isNull())
        .as("an overlap that has ended")
        .isTrue();
  }

  @Test
  void all_faults_of_a_body_are_told_at_once_each_with_its_place() {
    Reply refused =
        api.post(
            "/subscriptions",
            """
            {"url":"ftp://example.com","event":"x","secret":"short","active":"yes","headers":{"Host":"a","X-A/b":"é"},
            "retry_delays":"1","timeout":"31s","max_in_flight":0,"max_per_second":1.5,"signature":"none","hue":1}
            """);

    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.text("type")).isEqualTo("urn:outbox-worker:problem:invalid");
    assertThat(refused.body().path("errors").findValuesAsText("pointer"))
        .containsExactlyInAnyOrder(
            "/url",
            "/event",
            "/secret",
            "/active",
            "/headers/Host",
            "/headers/X-A~1b",
            "/headers/X-A~1b",
            "/retry_delays",
            "/timeout",
            "/max_in_flight",
            "/max_per_second",
            "/signature",
            "/hue");
    assertThat(refused.body().path("errors").findValuesAsText("detail"))
        .contains(
            "max_in_flight must be a whole number from 1 to 1000",
            "max_per_second must be a whole number from 1 to 100000");
    assertThat(refused.raw().body()).doesNotContain("short");
  }

  @Test
  void what_is_missing_is_named() {
    Reply refused = api.post("/subscriptions", "{}");

    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.body().path("errors").findValuesAsText("pointer"))
        .containsExactly("/url", "/event");
  }

  @Test
  void an_event_longer_than_a_name_may_be_matches_nothing_and_is_refused() {
    String body = "{'url':'http://127.0.0.1:9/','event':'%s'}";

    for (String event : List.of("a." + "b".repeat(99), "a.".repeat(50) + "*")) {
      assertThat(api.post("/subscriptions", body.formatted(event)).text("/errors/0/pointer"))
          .isEqualTo("/event");
    }
    for (String event : List.of("a." + "b".repeat(98), "a." + "b".repeat(96) + ".*")) {
      assertThat(api.post("/subscriptions", body.formatted(event)).status()).isEqualTo(201);
    }
  }

  @Test
  void a_patch_changes_what_it_names_and_nothing_else() {
    Reply created =
        api.post(
            "/subscriptions",
            "{'url':'http://127.0.0.1:9/','event':'a.b','description':'n','headers':{'X-A':'1'},'timeout':'5s'}");
    String path = "/subscriptions/" + created.text("id");

    Reply patched = api.patch(path, "{'event':'a.c','description':null,'timeout':null}");

    assertThat(patched.status()).isEqualTo(200);
    assertThat(patched.text("event")).isEqualTo("a.c");
    assertThat(patched.body().path("description").isNull()).isTrue();
    assertThat(patched.body().path("timeout").isNull()).isTrue();
    assertThat(patched.text("/headers/X-A")).isEqualTo("1");
    assertThat(patched.text("url")).isEqualTo("http://127.0.0.1:9/");
    assertThat(api.patch(path, "{}").body()).isEqualTo(patched.body());
    Reply refused =
        api.patch(path, "{'url':null,'active':null,'signature':'ed25519','secret':'x'}");
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.body().path("errors").findValuesAsText("pointer"))
        .containsExactlyInAnyOrder("/url", "/active", "/signature", "/secret");
  }

  @Test
  void a_deleted_subscription_is_gone_for_every_route() {
    String path =
        "/subscriptions/"
            + api.post("/subscriptions", "{'url':'http://127.0.0.1:9/','event':'*'}").text("id");

    Reply deleted = api.delete(path);

    assertThat(deleted.status()).isEqualTo(204);
    assertThat(deleted.raw().body()).isEmpty();
    assertThat(api.delete(path).status()).isEqualTo(404);
    assertThat(api.get(path).status()).isEqualTo(404);
    assertThat(api.patch(path, "{'active':true}").status()).isEqualTo(404);
    assertThat(api.post(path + "/rotate-secret").status()).isEqualTo(404);
    assertThat(api.post(path + "/test").status()).isEqualTo(404);
  }

  @Test
  void pages_show_every_subscription_once_also_while_others_arrive() {
    try (ApiClient other = ApiClient.of(worker, shop, UUID.randomUUID())) {
      for (int i = 0; i < 7; i++) {
        other.post("/subscriptions", "{'url':'http://127.0.0.1:9/%d','event':'p.q'}".formatted(i));
      }
      List<String> seen = new ArrayList<>();
      String query = "?limit=3&active=true&event=p.q";
      String cursor = "";
      do {
        Reply page = other.get("/subscriptions" + query + cursor);
        assertThat(page.status()).isEqualTo(200);
        seen.addAll(page.body().path("items").findValuesAsText("url"));
        other.post("/subscriptions", "{'url':'http://127.0.0.1:9/new','event':'p.q'}");
        cursor =
            page.body().path("next_cursor").isNull() ? "" : "&cursor=" + page.text("next_cursor");
      } while (!cursor.isEmpty());

      assertThat(seen)
          .containsExactly(
              "http://127.0.0.1:9/6",
              "http://127.0.0.1:9/5",
              "http://127.0.0.1:9/4",
              "http://127.0.0.1:9/3",
              "http://127.0.0.1:9/2",
              "http://127.0.0.1:9/1",
              "http://127.0.0.1:9/0");
    }
  }

  @Test
  void parameters_are_read_as_strictly_as_bodies() {
    Reply refused =
        api.get("/subscriptions?limit=201&cursor=abc&active=maybe&sort=up&event=a&event=b");

    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.body().path("errors").findValuesAsText("pointer"))
        .containsExactlyInAnyOrder("/limit", "/cursor", "/active", "/sort", "/event");
  }

  @Test
  void a_test_send_is_signed_and_tells_what_the_endpoint_answered() throws IOException {
    try (RawReceiver receiver = RawReceiver.answering(RawReceiver.response(500, "no such thing"))) {
      Reply created =
          api.post(
              "/subscriptions",
              "{'url':'%s','event':'invoice.created','secret':'0123456789abcdef','active':false}"
                  .formatted(receiver.url()));

      Reply tested = api.post("/subscriptions/" + created.text("id") + "/test");

      assertThat(tested.status()).isEqualTo(200);
      assertThat(tested.body().path("delivered").asBoolean(true)).isFalse();
      assertThat(tested.body().path("http_status").asInt()).isEqualTo(500);
      assertThat(tested.text("response")).isEqualTo("no such thing");
      assertThat(tested.text("error")).isEqualTo("HTTP 500");
      assertThat(tested.body().path("duration_ms").isIntegralNumber()).isTrue();
      var post = receiver.requests().getFirst();
      assertThat(post.header("X-Signature"))
          .isEqualTo(
              SigningSecret.of("0123456789abcdef")
                  .bodySignature(post.body().getBytes(StandardCharsets.UTF_8)));
      assertThat(post.header("X-Webhook-Event")).isEqualTo("invoice.created");
      assertThat(shop.row("select count(*) from delivery_log")).containsExactly("0");
    }
  }

  @Test
  void a_host_name_without_a_dot_and_a_private_address_are_refused_when_they_are_saved() {
    for (String url : List.of("http://10.0.0.1/", "http://db/", "http://169.254.169.254/latest")) {
      Reply refused = api.post("/subscriptions", "{'url':'%s','event':'*'}".formatted(url));
      assertThat(refused.status()).as(url).isEqualTo(422);
      assertThat(refused.text("/errors/0/pointer")).isEqualTo("/url");
    }
  }
}
