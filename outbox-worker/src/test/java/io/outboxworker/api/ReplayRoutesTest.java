package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.Worker;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.Workers;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Replays over HTTP. */
final class ReplayRoutesTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String SINCE = "'since':'2020-01-01T00:00:00Z'";
  private static final Shop shop = new Shop();
  private static final TestReceiver receiver = new TestReceiver();
  private static final Workers workers = new Workers(shop);
  private static final Worker worker = workers.start("OUTBOX_RETRY_DELAYS", "100ms");
  private static final ApiClient api = ApiClient.of(worker, shop);

  @AfterAll
  static void close() {
    api.close();
    workers.close();
    receiver.close();
    shop.close();
  }

  @Test
  void what_failed_is_counted_replayed_once_and_its_progress_can_be_read() {
    receiver.behave("/mended", (post, number) -> number <= 4 ? 500 : 200);
    UUID subscription = shop.subscribe("mend.ed", receiver.url("/mended"));
    shop.publish("mend.ed", "{}");
    shop.publish("mend.ed", "{}");
    awaitStatus(subscription, "failed", 2);
    String path = "/subscriptions/" + subscription + "/replay";

    assertThat(api.post(path, "{" + SINCE + ",'dry_run':true}").body())
        .hasToString("{\"count\":2}");
    Reply started = api.post(path, "{" + SINCE + "}");

    assertThat(started.status()).isEqualTo(202);
    assertThat(started.body().fieldNames()).toIterable().containsExactly("id", "count", "url");
    assertThat(started.body().path("count").intValue()).isEqualTo(2);
    assertThat(started.text("url")).isEqualTo(ApiClient.BASE + "/replays/" + started.text("id"));
    Reply done =
        await()
            .atMost(SOON)
            .until(
                () -> api.get("/replays/" + started.text("id")),
                replay -> !replay.body().path("finished_at").isNull());
    assertThat(done.body().path("replayed").intValue()).isEqualTo(2);
    assertThat(done.text("subscription_id")).isEqualTo(subscription.toString());
    assertThat(done.text("status")).isEqualTo("failed");
    awaitStatus(subscription, "delivered", 2);
    assertThat(api.post(path, "{" + SINCE + ",'dry_run':true}").body().path("count").intValue())
        .isZero();
    assertThat(
            api.post(path, "{" + SINCE + ",'dry_run':true,'again':true}")
                .body()
                .path("count")
                .intValue())
        .isEqualTo(2);
    assertThat(api.get("/replays").body().path("items").findValuesAsText("id"))
        .contains(started.text("id"));
  }

  @Test
  void what_was_missed_while_paused_is_replayed_over_all_subscriptions() {
    UUID subscription = shop.subscribe("miss.ed", receiver.url("/missed"));
    UUID other = shop.subscribe("miss.*", receiver.url("/missed-too"));
    shop.subscriptions().setActive(shop.tenant(), subscription, false);
    UUID event = shop.publish("miss.ed", "{}");
    awaitStatus(other, "delivered", 1);
    shop.subscriptions().setActive(shop.tenant(), subscription, true);

    Reply started = api.post("/replays", "{" + SINCE + ",'status':'missed','event':'miss.ed'}");

    assertThat(started.body().path("count").intValue()).isEqualTo(1);
    awaitStatus(subscription, "delivered", 1);
    assertThat(receiver.received("/missed").getFirst().header("webhook-id"))
        .isEqualTo(event.toString());
    assertThat(receiver.received("/missed-too")).hasSize(1);
  }

  @Test
  void a_group_of_events_is_replayed_and_no_other_whether_failed_or_missed() {
    receiver.behave("/grouped", (post, number) -> number <= 8 ? 500 : 200);
    UUID subscription = shop.subscribe("*", receiver.url("/grouped"));
    UUID first = shop.publish("group.one", "{}");
    UUID second = shop.publish("group.two.deep", "{}");
    shop.publish("groups.other", "{}");
    shop.publish("other.group", "{}");
    awaitStatus(subscription, "failed", 4);
    String path = "/subscriptions/" + subscription + "/replay";

    assertThat(countOf(path, "failed", "group.*")).isEqualTo(2);
    assertThat(countOf(path, "failed", "group.one")).isEqualTo(1);
    assertThat(countOf(path, "failed", "group.none.*")).isZero();
    assertThat(countOf(path, "failed", "*")).isEqualTo(4);
    Reply started = api.post(path, "{" + SINCE + ",'event':'group.*'}");

    assertThat(started.body().path("count").intValue()).isEqualTo(2);
    awaitStatus(subscription, "delivered", 2);
    assertThat(receiver.received("/grouped").subList(8, 10))
        .extracting(post -> post.header("webhook-id"))
        .containsExactlyInAnyOrder(first.toString(), second.toString());
    shop.subscriptions().setActive(shop.tenant(), subscription, false);
    UUID late = shop.subscribe("*", receiver.url("/grouped-late"));
    String latePath = "/subscriptions/" + late + "/replay";
    assertThat(countOf(latePath, "missed", "group.*")).isEqualTo(2);
    assertThat(countOf(latePath, "missed", "group.two.*")).isEqualTo(1);
    shop.subscriptions().setActive(shop.tenant(), late, false);
  }

  private static int countOf(String path, String status, String event) {
    return api.post(
            path, "{%s,'dry_run':true,'status':'%s','event':'%s'}".formatted(SINCE, status, event))
        .body()
        .path("count")
        .intValue();
  }

  @Test
  void a_replay_whose_worker_is_cut_off_is_ended_by_the_next_one() {
    try (Shop other = new Shop();
        Workers restarted = new Workers(other)) {
      receiver.behave(
          "/restarted", TestReceiver.late(Duration.ofMillis(10), (post, number) -> 200));
      UUID subscription = other.subscribe("re.start", receiver.url("/restarted"));
      logFailed(other, subscription);
      Worker first = restarted.start();
      String replay;
      try (ApiClient client = ApiClient.of(first, other)) {
        Reply started = client.post("/replays", "{" + SINCE + ",'again':true}");
        assertThat(started.body().path("count").intValue()).isEqualTo(300);
        replay = started.text("id");
      }
      await().atMost(SOON).until(() -> receiver.received("/restarted").size() > 20);
      first.close();
      assertThat(other.row("select finished_at from replay")).containsOnlyNulls();
      // Else the attempts that were cut off would wait for the end of their leases.
      other
          .database()
          .exec("update webhooks.delivery set lease_until = now() where lease_until > now()");

      try (ApiClient client = ApiClient.of(restarted.start(), other)) {
        await()
            .atMost(SOON)
            .until(() ->
                !client.get("/replays/" + replay).body().path("finished_at").isNull()
                    && other.isDone());
        assertThat(client.get("/replays/" + replay).body().path("replayed").intValue())
            .isEqualTo(300);
      }
      assertThat(
              other.row(
                  "select count(*), count(distinct replay_of) from delivery_log"
                      + " where status = 'delivered' and replay_of is not null"))
          .containsExactly("300", "300");
    }
  }

  @Test
  void requests_that_make_no_sense_are_refused() {
    UUID subscription = shop.subscribe("non.sense", receiver.url("/nonsense"));
    String path = "/subscriptions/" + subscription + "/replay";
    assertThat(pointers(api.post("/replays", "{}"))).containsExactly("/since");
    assertThat(
            pointers(
                api.post(
                    path,
                    "{'since':'x','until':'y','status':'lost','event':1,'dry_run':'no','again':0,'z':1}")))
        .containsExactlyInAnyOrder(
            "/since", "/until", "/status", "/event", "/dry_run", "/again", "/z");
    for (String event :
        List.of("invoice", "invoice*", "*.created", "a.*.b", "", "a." + "b".repeat(99))) {
      assertThat(pointers(api.post(path, "{" + SINCE + ",'event':'" + event + "'}")))
          .as(event)
          .containsExactly("/event");
    }
    assertThat(pointers(api.post(path, "{" + SINCE + ",'until':'2019-01-01T00:00:00Z'}")))
        .containsExactly("/until");
    shop.subscriptions().setActive(shop.tenant(), subscription, false);
    assertThat(api.post(path, "{" + SINCE + "}").status()).isEqualTo(409);
  }

  @Test
  void another_tenant_can_neither_start_nor_see_it() {
    UUID subscription = shop.subscribe("own.ed", receiver.url("/owned"));
    shop.publish("own.ed", "{}");
    awaitStatus(subscription, "delivered", 1);
    String id =
        api.post(
                "/subscriptions/" + subscription + "/replay",
                "{" + SINCE + ",'status':'delivered'}")
            .text("id");
    try (ApiClient other = ApiClient.of(worker, shop, UUID.randomUUID())) {
      assertThat(
              other.post("/subscriptions/" + subscription + "/replay", "{" + SINCE + "}").status())
          .isEqualTo(404);
      assertThat(other.get("/replays/" + id).status()).isEqualTo(404);
      assertThat(other.get("/replays").body().path("items")).isEmpty();
      for (String status : List.of("failed", "delivered", "all", "missed")) {
        assertThat(
                other
                    .post(
                        "/replays",
                        "{" + SINCE + ",'again':true,'dry_run':true,'status':'" + status + "'}")
                    .body()
                    .path("count")
                    .intValue())
            .isZero();
      }
    }
  }

  /** Failed deliveries of 300 events, an hour ago. */
  private static void logFailed(Shop owner, UUID subscription) {
    owner
        .database()
        .exec(
            """
            with past as (
              select n, webhooks.uuid_v7_at(now() - interval '1 hour' + n * interval '1 ms') as id from generate_series(1, 300) n),
            logged as (
              insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
              select id, '%1$s', 're.start', 're', n::text, '{}', now() from past)
            insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status, attempts,
              history, created_at)
            select id, id, '%2$s', '%1$s', 're.start', n::text, 'https://x', 'failed', 1, '[]', now() from past\
            """
                .formatted(owner.tenant(), subscription));
  }

  private static List<String> pointers(Reply refused) {
    assertThat(refused.status()).isEqualTo(422);
    return refused.body().path("errors").findValuesAsText("pointer");
  }

  private static void awaitStatus(UUID subscription, String status, int count) {
    await()
        .atMost(SOON)
        .until(() ->
            api.get("/deliveries?status=" + status + "&subscription_id=" + subscription)
                    .body()
                    .path("items")
                    .size()
                == count);
  }
}
