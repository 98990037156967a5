package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.outboxworker.Worker;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Each way in which a call is refused. */
final class ProblemsTest {
  private static final Shop shop = new Shop();
  private static final Workers workers = new Workers(shop);
  private static final Worker worker = workers.start();
  private static final String token = new Tokens(shop.jdbi()).create(shop.tenant(), "test", null);
  private static final ApiClient api = ApiClient.with(worker, shop.tenant(), token);

  @AfterAll
  static void close() {
    api.close();
    workers.close();
    shop.close();
  }

  @Test
  void a_body_that_is_no_strict_json_is_a_400_that_names_the_place() {
    Map<String, String> bodies =
        Map.of(
            "",
            "empty",
            "[]",
            "line 1, column 1",
            "{\"url\":",
            "line 1",
            "{\"a\":1,\n \"a\":2}",
            "line 2, column 5",
            "{} {}",
            "line 1, column 4",
            "{'url':1}",
            "line 1",
            "{\"a\":" + "[".repeat(100) + "]".repeat(100) + "}",
            "64",
            "{\"a\":01}",
            "line 1",
            "{\"a\":NaN}",
            "line 1");
    bodies.forEach((body, place) -> {
      Reply refused = send(body.getBytes(StandardCharsets.UTF_8), "application/json");
      assertThat(refused.status()).as(body).isEqualTo(400);
      assertThat(refused.text("type")).isEqualTo("urn:outbox-worker:problem:malformed");
      assertThat(refused.text("detail")).as(body).contains(place);
      assertThat(refused.header("Content-Type")).isEqualTo("application/problem+json");
    });
    Reply notUtf8 =
        send(new byte[] {'{', '"', (byte) 0xC3, '"', ':', '1', '}'}, "application/json");
    assertThat(notUtf8.status()).isEqualTo(400);
    assertThat(notUtf8.text("detail")).contains("UTF-8");
  }

  @Test
  void a_parameter_that_a_route_does_not_have_is_refused_before_anything_happens() {
    UUID id = shop.subscribe("un.asked", "https://a.example/");
    List<Reply> refused =
        List.of(
            api.get("/subscriptions/" + id + "?fields=url"),
            api.delete("/subscriptions/" + id + "?dry_run=true"),
            api.post("/replays?dry_run=true", "{'since':'2024-02-14T00:00:00Z'}"),
            api.get("/event-types?limit=1"),
            api.get("/audit?until=x"));
    for (Reply reply : refused) {
      assertThat(reply.status()).isEqualTo(422);
      assertThat(reply.text("/errors/0/detail")).contains("is not a parameter of this route");
    }
    assertThat(api.get("/subscriptions/" + id).status()).isEqualTo(200);
    assertThat(api.get("/replays").body().path("items")).isEmpty();
  }

  @Test
  void who_accepts_no_json_gets_a_406_and_who_says_nothing_gets_json() {
    for (String accept : List.of("text/html", "image/png, text/*;q=0.5", "application/xml")) {
      Reply refused = api.send(api.request("/subscriptions").header("Accept", accept));
      assertThat(refused.status()).as(accept).isEqualTo(406);
      assertThat(refused.text("type")).isEqualTo("urn:outbox-worker:problem:not-acceptable");
      assertThat(refused.header("Content-Type")).isEqualTo("application/problem+json");
    }
    for (String accept :
        List.of(
            "*/*",
            "application/*",
            "text/html, application/json;q=0.1",
            "text/html, */*;q=0.8",
            "no type",
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2")) {
      Reply answered = api.send(api.request("/subscriptions").header("Accept", accept));
      assertThat(answered.status()).as(accept).isEqualTo(200);
    }
  }

  @Test
  void text_that_postgresql_cannot_hold_is_a_422() {
    Reply nul =
        api.post(
            "/subscriptions", "{'url':'https://a.example/','event':'*','description':'\\u0000'}");
    assertThat(nul.status()).isEqualTo(422);
    assertThat(nul.text("/errors/0/pointer")).isEqualTo("/description");
    Reply half =
        api.post(
            "/subscriptions", "{'url':'https://a.example/','event':'*','description':'\\ud800'}");
    assertThat(half.status()).isEqualTo(422);
    assertThat(api.get("/subscriptions?event=%00").status()).isEqualTo(422);
    assertThat(api.get("/subscriptions?event=%FF").status()).isIn(200, 400, 422);
  }

  @Test
  void tokens_that_are_missing_wrong_expired_or_revoked_get_the_very_same_401() {
    Tokens tokens = new Tokens(shop.jdbi());
    String expired = tokens.create(shop.tenant(), "expired", Duration.ofMillis(1));
    String revoked = tokens.create(shop.tenant(), "revoked", null);
    tokens.list(shop.tenant()).stream()
        .filter(token -> "revoked".equals(token.name()))
        .forEach(token -> tokens.revoke(token.id()));
    Reply missing = ApiClient.with(worker, shop.tenant(), null).get("/subscriptions");

    assertThat(missing.status()).isEqualTo(401);
    assertThat(missing.header("WWW-Authenticate")).isEqualTo("Bearer");
    for (String token : List.of(expired, revoked, "whk_wrong", "x")) {
      Reply refused = ApiClient.with(worker, shop.tenant(), token).get("/subscriptions");
      assertThat(refused.status()).isEqualTo(401);
      assertThat(refused.body()).isEqualTo(missing.body());
      assertThat(refused.header("WWW-Authenticate")).isEqualTo("Bearer");
    }
    Reply basic =
        ApiClient.with(worker, shop.tenant(), null)
            .send(
                ApiClient.with(worker, shop.tenant(), null)
                    .request("/subscriptions")
                    .header("Authorization", "Basic YTpi"));
    assertThat(basic.body()).isEqualTo(missing.body());
  }

  @Test
  void two_tokens_are_none_whichever_of_them_is_valid() {
    for (List<String> tokens : List.of(List.of(token, "whk_wrong"), List.of("whk_wrong", token))) {
      var request = ApiClient.with(worker, shop.tenant(), null).request("/subscriptions");
      tokens.forEach(each -> request.header("Authorization", "Bearer " + each));
      Reply refused = api.send(request);
      assertThat(refused.status()).isEqualTo(401);
      assertThat(refused.header("WWW-Authenticate")).isEqualTo("Bearer");
    }
  }

  @Test
  void a_header_that_says_one_thing_is_refused_where_it_comes_twice() {
    String event = "{'event':'a.b','resource_id':'r','data':{}}".replace('\'', '"');
    Reply keys =
        api.send(
            api.request("/events")
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", "one")
                .header("Idempotency-Key", "two")
                .POST(BodyPublishers.ofString(event)));
    assertThat(keys.status()).isEqualTo(400);
    assertThat(keys.text("detail")).contains("Idempotency-Key");
    assertThat(shop.database().number("select count(*) from webhooks.event_log")).isZero();
    assertThat(shop.database().number("select count(*) from webhooks.outbox")).isZero();
    Reply types =
        api.send(
            api.request("/events")
                .header("Content-Type", "application/json")
                .header("Content-Type", "text/plain")
                .POST(BodyPublishers.ofString(event)));
    assertThat(types.status()).isEqualTo(400);
    assertThat(types.text("detail")).contains("Content-Type");
  }

  /** What says where a request ends: a proxy that believes another one would pass on a second. */
  @Test
  void two_lengths_hosts_or_ends_of_a_body_are_a_400_and_the_connection_is_closed()
      throws IOException {
    for (String headers :
        List.of(
            "Host: a\r\nContent-Length: 2\r\nContent-Length: 30\r\n",
            "Host: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            "Host: a\r\nHost: b\r\nContent-Length: 2\r\n")) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), worker.httpPort())) {
        socket.setSoTimeout(10_000);
        String request =
            "POST %s/events HTTP/1.1\r\nAuthorization: Bearer %s\r\n%s\r\n{}"
                .formatted(Api.BASE, token, headers);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(answer).as(headers).startsWith("HTTP/1.1 400 ");
        assertThat(answer.split("HTTP/1.1 ", -1)).as(headers).hasSize(2);
      }
    }
  }

  @Test
  void a_revoked_token_ends_within_five_seconds_and_its_use_was_noted() {
    try (ApiClient other = ApiClient.of(worker, shop, UUID.randomUUID())) {
      assertThat(other.get("/subscriptions").status()).isEqualTo(200);
      Tokens tokens = new Tokens(shop.jdbi());
      var token = tokens.list(other.tenant()).getFirst();
      assertThat(token.lastUsedAt()).isNotNull();
      tokens.revoke(token.id());

      Awaitility.await()
          .atMost(Duration.ofSeconds(5))
          .until(() -> other.get("/subscriptions").status() == 401);
    }
  }

  @Test
  void what_is_not_there_is_a_404_and_another_method_a_405_that_names_the_right_ones() {
    assertThat(api.get("/nothing").status()).isEqualTo(404);
    assertThat(api.get("/subscriptions/" + UUID.randomUUID()).status()).isEqualTo(404);
    assertThat(api.get("/subscriptions/1").status()).isEqualTo(404);
    Reply notAllowed = api.call("PUT", "/subscriptions", "{}");
    assertThat(notAllowed.status()).isEqualTo(405);
    assertThat(notAllowed.header("Allow")).isEqualTo("GET, HEAD, POST");
    assertThat(notAllowed.text("type")).isEqualTo("urn:outbox-worker:problem:method-not-allowed");
    assertThat(workers.get(worker, "/nothing/here").statusCode()).isEqualTo(404);
  }

  @Test
  void a_body_of_more_than_64_kib_is_a_413_with_and_without_a_length() {
    String large = "{\"description\":\"" + "x".repeat(65_536) + "\"}";
    assertThat(send(large.getBytes(StandardCharsets.UTF_8), "application/json").status())
        .isEqualTo(413);
    Reply chunked =
        api.send(
            api.request("/subscriptions")
                .header("Content-Type", "application/json")
                .POST(
                    BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(large.getBytes(StandardCharsets.UTF_8)))));
    assertThat(chunked.status()).isEqualTo(413);
    assertThat(chunked.text("detail")).isEqualTo("the body must have at most 65536 bytes");
  }

  @Test
  void a_body_of_another_type_is_a_415() {
    for (String type :
        List.of("text/plain", "application/x-www-form-urlencoded", "application/jsonx")) {
      assertThat(send("{}".getBytes(StandardCharsets.UTF_8), type).status()).isEqualTo(415);
    }
    assertThat(
            send("{}".getBytes(StandardCharsets.UTF_8), "Application/JSON; charset=utf-8").status())
        .isEqualTo(422);
  }

  @Test
  void a_token_that_calls_too_often_gets_a_429_and_the_others_do_not() {
    try (Workers few = new Workers(shop)) {
      Worker slow = few.start("OUTBOX_API_REQUESTS_PER_SECOND", "2");
      ApiClient greedy = ApiClient.of(slow, shop);
      ApiClient modest = ApiClient.of(slow, shop);
      List<Integer> statuses =
          IntStream.range(0, 20).mapToObj(i -> greedy.get("/subscriptions").status()).toList();

      assertThat(statuses.subList(0, 5)).containsOnly(200);
      assertThat(statuses).contains(429);
      assertThat(modest.get("/subscriptions").status()).isEqualTo(200);
      Reply refused = greedy.get("/subscriptions");
      if (refused.status() == 429) {
        assertThat(Integer.parseInt(refused.header("Retry-After"))).isPositive();
      }
      greedy.close();
      modest.close();
    }
  }

  @Test
  void what_takes_the_database_too_long_is_a_503_that_says_so() {
    try (Workers hasty = new Workers(shop);
        Handle lock = shop.jdbi().open()) {
      String url = shop.database().jdbcUrl() + "&options=-c%20statement_timeout%3D500";
      ApiClient impatient = ApiClient.of(hasty.start("OUTBOX_DATABASE_URL", url), shop);
      lock.begin().execute("lock table replay");

      Reply late = impatient.get("/replays");

      assertThat(late.status()).isEqualTo(503);
      assertThat(late.text("detail"))
          .isEqualTo("this took the database too long; ask for less, such as a shorter time");
      assertThat(late.header("Retry-After")).isNotEmpty();
      lock.rollback();
      impatient.close();
    }
  }

  @Test
  void a_fault_of_ours_is_a_500_with_a_number_and_without_its_cause() {
    shop.database().exec("alter table webhooks.audit_log rename column actor to somebody");
    try {
      Reply failed = api.get("/audit");

      assertThat(failed.status()).isEqualTo(500);
      assertThat(failed.text("detail")).matches("please report this with the number [0-9a-f-]{36}");
      assertThat(failed.raw().body()).doesNotContain("actor").doesNotContain("select");
      // The log has the trace, and traces of SQL must not repeat its arguments.
      assertThatThrownBy(() ->
              shop.jdbi()
                  .useHandle(
                      handle -> handle.execute("select 1 from nowhere where ? = ''", "canary")))
          .hasMessageNotContaining("canary");
    } finally {
      shop.database().exec("alter table webhooks.audit_log rename column somebody to actor");
    }
  }

  @Test
  void times_that_no_database_can_hold_are_a_422() {
    for (String time :
        List.of(
            "-999999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "%2B999999999-12-31T23:59:59Z")) {
      Reply refused = api.get("/deliveries?since=" + time);
      assertThat(refused.status()).as(time).isEqualTo(422);
      assertThat(refused.text("/errors/0/pointer")).isEqualTo("/since");
    }
  }

  @Test
  void every_answer_carries_the_headers_that_keep_browsers_from_doing_harm() {
    for (Reply reply : List.of(api.get("/subscriptions"), api.get("/nothing"))) {
      assertThat(reply.header("X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(reply.header("Cache-Control")).isEqualTo("no-store");
      assertThat(reply.header("Content-Security-Policy")).startsWith("default-src 'none'");
      assertThat(reply.header("Access-Control-Allow-Origin")).isEmpty();
    }
  }

  @Test
  void browsers_may_call_from_origins_that_were_allowed_and_from_no_other() {
    try (Workers configured = new Workers(shop)) {
      Worker open = configured.start("OUTBOX_API_ALLOWED_ORIGINS", "https://shop.example");
      try (ApiClient page = ApiClient.of(open, shop)) {
        Reply preflight =
            page.send(
                page.request("/subscriptions")
                    .header("Origin", "https://shop.example")
                    .method("OPTIONS", BodyPublishers.noBody()));
        assertThat(preflight.status()).isEqualTo(204);
        assertThat(preflight.header("Access-Control-Allow-Origin"))
            .isEqualTo("https://shop.example");
        assertThat(preflight.header("Access-Control-Allow-Methods")).isEqualTo("GET, HEAD, POST");
        Reply allowed =
            page.send(
                page.request("/subscriptions?limit=0").header("Origin", "https://shop.example"));
        assertThat(allowed.status()).isEqualTo(422);
        assertThat(allowed.header("Access-Control-Allow-Origin")).isEqualTo("https://shop.example");
        Reply other =
            page.send(page.request("/subscriptions").header("Origin", "https://evil.example"));
        assertThat(other.header("Access-Control-Allow-Origin")).isEmpty();
      }
    }
    Reply closed =
        api.send(
            api.request("/subscriptions")
                .header("Origin", "https://shop.example")
                .method("OPTIONS", BodyPublishers.noBody()));
    assertThat(closed.status()).isEqualTo(405);
  }

  private static Reply send(byte[] body, String type) {
    return api.send(
        api.request("/subscriptions")
            .header("Content-Type", type)
            .POST(BodyPublishers.ofByteArray(body)));
  }
}
