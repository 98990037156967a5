package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.TestReceiver.Received;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** The whole path with a real PostgreSQL and real sockets. */
final class WorkerEndToEndTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(15);

  @Test
  void a_committed_event_arrives_as_the_contract_says_and_is_logged_as_delivered() {
    UUID subscription = shop.subscribe("invoice.created", receiver.url("/ok"));
    workers.start();

    UUID event = shop.publish("invoice.created", "{\"invoice_id\":\"1\",\"amount\": 1.50}");
    await().atMost(SOON).until(shop::isDone);

    assertThat(receiver.received()).hasSize(1);
    Received post = receiver.received().get(0);
    assertThat(new String(post.body(), StandardCharsets.UTF_8))
        .matches(
            "\\{\"event\":\"invoice.created\",\"resource_type\":\"invoice\",\"resource_id\":\"r-1\","
                + "\"timestamp\":\"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z\",\"data\":\\{\"invoice_id\":\"1\",\"amount\":"
                + " 1\\.50},\"metadata\":\\{\"tenant_id\":\""
                + shop.tenant()
                + "\",\"source\":\"gestiqcloud\",\"version\":\"1\\.0\"}}");
    assertThat(post.header("webhook-id")).isEqualTo(event.toString());
    assertThat(post.attempt()).isEqualTo(1);
    assertThat(
            shop.row(
                "select id, event_id, subscription_id, event, status, attempts, http_status,"
                    + " last_error from webhooks.delivery_log"))
        .containsExactly(
            post.delivery(),
            event.toString(),
            subscription.toString(),
            "invoice.created",
            "delivered",
            "1",
            "204",
            null);
  }

  @Test
  void a_rolled_back_event_sends_nothing() throws SQLException {
    shop.subscribe("*", receiver.url("/ok"));
    workers.start();

    try (Connection connection = shop.database().connection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(insertSql("order.rolled_back"));
      connection.rollback();
    }
    shop.publish("order.committed", "{}");

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received())
        .extracting(post -> post.header("x-webhook-event"))
        .containsExactly("order.committed");
  }

  @Test
  void an_event_that_commits_long_after_later_ones_is_not_lost() throws SQLException {
    shop.subscribe("*", receiver.url("/ok"));
    workers.start();

    try (Connection connection = shop.database().connection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(insertSql("order.late"));
      shop.publish("order.early", "{}");
      await().atMost(SOON).until(() -> receiver.received().size() == 1);
      // Later than the low-water mark lags, so that only the pick from zero can find it.
      await().pollDelay(Duration.ofSeconds(3)).until(() -> true);
      connection.commit();
    }

    await().atMost(SOON).until(() -> receiver.received().size() == 2);
    assertThat(receiver.received())
        .extracting(post -> post.header("x-webhook-event"))
        .containsExactly("order.early", "order.late");
  }

  @Test
  void an_event_goes_to_every_subscription_that_matches_and_to_no_other() {
    shop.subscribe("invoice.line.added", receiver.url("/exact"));
    shop.subscribe("invoice.*", receiver.url("/group"));
    shop.subscribe("invoice.line.*", receiver.url("/deep"));
    shop.subscribe("*", receiver.url("/all"));
    shop.subscribe("invoice.added", receiver.url("/other-name"));
    shop.subscribe("invoice_line.*", receiver.url("/other-group"));
    shop.subscribe(UUID.randomUUID(), "*", receiver.url("/other-tenant"));
    workers.start();

    shop.publish("invoice.line.added", "{}");

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received())
        .extracting(Received::path)
        .containsExactlyInAnyOrder("/exact", "/group", "/deep", "/all");
  }

  @Test
  void data_arrives_byte_for_byte_as_it_was_inserted() {
    List<String> texts =
        List.of(
            "{\"b\" : 1,  \"a\": 1.50, \"b\":2}",
            "{\"text\":\"é € 𝄞 \\u00e9 \\ud83d\\ude00 \\u0000\"}",
            "{\"big\":1e400,\"tiny\":0.1000000000000000000001}",
            "{\n\t\"multi\": [ ]\r\n}",
            "{\"padding\":\"" + "x".repeat(262_144 - 14) + "\"}");
    shop.subscribe("*", receiver.url("/ok"));
    workers.start();

    for (String text : texts) {
      shop.publish("data.sent", text);
    }

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received())
        .extracting(WorkerEndToEndTest::dataOf)
        .containsExactlyInAnyOrderElementsOf(texts);
  }

  @Test
  void attempts_are_made_after_1_2_and_4_seconds_and_then_the_delivery_is_failed() {
    shop.subscribe("*", receiver.url("/broken"));
    receiver.behave("/broken", (post, number) -> 503);
    workers.start();

    shop.publish("order.created", "{}");

    await().atMost(Duration.ofSeconds(20)).until(shop::isDone);
    List<Received> posts = receiver.received();
    assertThat(posts).extracting(Received::attempt).containsExactly(1, 2, 3, 4);
    assertThat(posts)
        .extracting(post -> post.header("webhook-id"))
        .hasSize(4)
        .containsOnly(posts.get(0).header("webhook-id"));
    assertThat(posts).allSatisfy(post -> assertThat(post.body()).isEqualTo(posts.get(0).body()));
    for (int retry = 1; retry <= 3; retry++) {
      long gapMillis = (posts.get(retry).nanos() - posts.get(retry - 1).nanos()) / 1_000_000;
      long delayMillis = 1000L << (retry - 1);
      assertThat(gapMillis).isBetween(delayMillis, delayMillis + 900);
    }
    assertThat(
            shop.row(
                "select status, attempts, http_status, last_error, json_array_length(history),"
                    + " history->3->>'http_status', history->0->>'error' from"
                    + " webhooks.delivery_log"))
        .containsExactly("failed", "4", "503", "HTTP 503", "4", "503", "HTTP 503");
    assertThat(shop.database().number("select count(*) from webhooks.scheduled_tasks")).isZero();
  }

  @Test
  void a_delivery_that_fails_twice_and_then_works_is_delivered() {
    shop.subscribe("*", receiver.url("/flaky"));
    receiver.behave("/flaky", (post, number) -> number <= 2 ? 500 : 200);
    workers.start("OUTBOX_RETRY_DELAYS", "50ms,50ms,50ms");

    shop.publish("order.created", "{}");

    await().atMost(SOON).until(shop::isDone);
    assertThat(shop.row("select status, attempts, last_error from webhooks.delivery_log"))
        .containsExactly("delivered", "3", null);
  }

  @Test
  void an_endpoint_that_is_gone_gets_one_post_and_its_subscription_is_disabled() {
    UUID subscription = shop.subscribe("*", receiver.url("/gone"));
    receiver.behave("/gone", (post, number) -> 410);
    workers.start();

    shop.publish("order.created", "{}");
    await().atMost(SOON).until(shop::isDone);
    shop.publish("order.created", "{}");
    await().atMost(SOON).until(shop::isDone);

    assertThat(receiver.received()).hasSize(1);
    assertThat(shop.row("select status, attempts, last_error from webhooks.delivery_log"))
        .containsExactly("failed", "1", "HTTP 410");
    assertThat(shop.subscriptions().find(shop.tenant(), subscription))
        .hasValueSatisfying(disabled -> {
          assertThat(disabled.active()).isFalse();
          assertThat(disabled.disabledReason()).isEqualTo("gone");
        });
  }

  @Test
  void a_receiver_that_hangs_does_not_hold_up_another_subscription() {
    CountDownLatch hang = new CountDownLatch(1);
    shop.subscribe("*", receiver.url("/hangs"));
    shop.subscribe("*", receiver.url("/ok"));
    receiver.behave(
        "/hangs",
        (post, number) -> {
          hang.await();
          return 200;
        });
    workers.start();

    shop.publishMany("order.created", 200);

    await().atMost(Duration.ofSeconds(8)).until(() -> receiver.received("/ok").size() == 200);
    assertThat(receiver.received("/hangs").size()).isLessThanOrEqualTo(4);
    hang.countDown();
  }

  @Test
  void pausing_stops_posts_within_a_second_and_ends_what_waits() {
    UUID subscription = shop.subscribe("*", receiver.url("/slow"));
    receiver.behave("/slow", TestReceiver.late(Duration.ofMillis(100), (post, number) -> 200));
    workers.start("OUTBOX_MAX_IN_FLIGHT_PER_SUBSCRIPTION", "4");
    shop.publishMany("order.created", 400);
    await().atMost(SOON).until(() -> receiver.received().size() >= 8);

    assertThat(shop.subscriptions().setActive(shop.tenant(), subscription, false)).isTrue();
    long pausedNanos = System.nanoTime();
    await().atMost(SOON).until(shop::isDone);

    assertThat(receiver.received())
        .allSatisfy(post ->
            assertThat(post.nanos() - pausedNanos)
                .as("no start later than a second, and the way to the receiver")
                .isLessThan(Duration.ofMillis(1_500).toNanos()));
    assertThat(
            shop.database()
                .texts(
                    "select distinct last_error from webhooks.delivery_log where status ="
                        + " 'failed'"))
        .containsExactly("subscription_paused");
    assertThat(shop.database().number("select count(*) from webhooks.delivery_log")).isEqualTo(400);
  }

  @Test
  void what_waits_for_a_retry_ends_when_its_subscription_is_deleted() {
    UUID subscription = shop.subscribe("*", receiver.url("/broken"));
    receiver.behave("/broken", (post, number) -> 500);
    workers.start("OUTBOX_RETRY_DELAYS", "1h");
    shop.publish("order.created", "{}");
    await()
        .atMost(SOON)
        .until(() ->
            shop.database()
                    .number(
                        "select count(*) from webhooks.delivery where next_attempt_at is not null")
                == 1);

    shop.subscriptions().remove(shop.tenant(), subscription);

    await().atMost(SOON).until(shop::isDone);
    assertThat(
            shop.row("select status, attempts, http_status, last_error from webhooks.delivery_log"))
        .containsExactly("failed", "1", "500", "subscription_deleted");
  }

  @Test
  void events_of_every_year_that_a_producer_may_name_arrive_with_their_time() {
    UUID subscription = shop.subscribe("*", receiver.url("/ok"));
    shop.database().exec("update webhooks.subscription set max_in_flight = 1");
    List<String> times =
        List.of(
            "0001-01-01T00:00:00.000000Z",
            "1066-10-14T09:00:00.000001Z",
            "1969-12-31T23:59:59.999999Z",
            "9999-12-31T23:59:59.999999Z");
    for (String time : times) {
      shop.database()
          .exec(
              """
              insert into webhooks.outbox (tenant_id, event, resource_id, data, occurred_at)
              values ('%s', 'battle.won', '1', '{}', '%s')
              """
                  .formatted(shop.tenant(), time));
    }
    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received())
        .extracting(post -> timestamp(post.body()))
        .containsExactlyInAnyOrderElementsOf(times);
    assertThat(
            shop.database()
                .texts(
                    "select distinct status || attempts from webhooks.delivery_log where"
                        + " subscription_id = '%s'".formatted(subscription)))
        .containsExactly("delivered1");
  }

  private static String timestamp(byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8);
    return text.replaceFirst(".*\"timestamp\":\"([^\"]*)\".*", "$1");
  }

  @Test
  void an_event_that_nobody_subscribes_to_goes_to_the_log_alone() {
    workers.start();

    UUID event = shop.publish("order.created", "{}");

    await().atMost(SOON).until(shop::isDone);
    assertThat(shop.database().texts("select id from webhooks.event_log"))
        .containsExactly(event.toString());
    assertThat(shop.database().number("select count(*) from webhooks.delivery_log")).isZero();
  }

  @Test
  void a_row_that_cannot_be_fanned_out_holds_up_no_other() {
    shop.subscribe("*", receiver.url("/ok"));
    shop.database()
        .exec("alter table webhooks.event_log add constraint no_bad check (event <> 'bad.event')");
    shop.publish("good.before", "{}");
    UUID bad = shop.publish("bad.event", "{}");
    shop.publish("good.after", "{}");

    Worker worker = workers.start();

    await().atMost(SOON).until(() -> receiver.received().size() == 2);
    assertThat(shop.database().texts("select id from webhooks.outbox"))
        .containsExactly(bad.toString());
    assertThat(workers.metric(worker, "webhook_events_passed_over_total")).isEqualTo(1);
  }

  @Test
  void an_answer_that_the_log_refuses_is_recorded_without_its_text() {
    shop.subscribe("*", receiver.url("/ok"));
    shop.subscribe("*", receiver.url("/odd"));
    receiver.behave("/odd", (post, number) -> 410);
    shop.database()
        .exec(
            "alter table webhooks.delivery_log add constraint no_410 check (last_error <> 'HTTP"
                + " 410')");
    workers.start();

    shop.publish("order.created", "{}");

    await().atMost(SOON).until(shop::isDone);
    assertThat(
            shop.database()
                .texts(
                    "select last_error from webhooks.delivery_log where event = 'order.created'"
                        + " order by status"))
        .containsExactly(null, "the error's text could not be stored");
  }

  @Test
  void the_same_event_id_again_is_dropped_and_counted_and_holds_up_no_other() {
    shop.subscribe("*", receiver.url("/ok"));
    Worker worker = workers.start();
    UUID event = shop.publish("order.created", "{}");
    await().atMost(SOON).until(shop::isDone);

    publishAgain(event);
    await().atMost(SOON).until(() -> workers.metric(worker, "webhook_events_repeated_total") == 1);
    publishAgain(event);

    await().atMost(SOON).until(() -> workers.metric(worker, "webhook_events_repeated_total") == 2);
    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received())
        .extracting(post -> post.header("x-webhook-event"))
        .containsExactlyInAnyOrder("order.created", "order.changed", "order.changed");
    // Only the first one was met unprepared.
    assertThat(workers.metric(worker, "webhook_database_errors_total")).isEqualTo(1);
  }

  /** The event with this id, and a new one in the same transaction. */
  private void publishAgain(UUID event) {
    shop.database()
        .exec(
            """
            insert into webhooks.outbox (id, tenant_id, event, resource_id, data) values
              ('%1$s', '%2$s', 'order.created', '1', '{}'),
              (webhooks.uuid_v7(), '%2$s', 'order.changed', '1', '{}')
            """
                .formatted(event, shop.tenant()));
  }

  @Test
  void a_subscription_that_was_broken_by_hand_fails_its_own_deliveries_and_no_others() {
    UUID badUrl = shop.subscribe("*", receiver.url("/bad"));
    UUID badSecret = shop.subscribe("*", receiver.url("/bad"));
    shop.subscribe("*", receiver.url("/ok"));
    shop.database()
        .exec(
            "update webhooks.subscription set url = 'http://[::1' where id = '%s'; update webhooks.subscription set secret = 'x' where id = '%s'"
                .formatted(badUrl, badSecret));
    workers.start();

    shop.publish("order.created", "{}");

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).extracting(Received::path).containsExactly("/ok");
    assertThat(
            shop.database()
                .texts(
                    "select last_error from webhooks.delivery_log where status = 'failed' order by"
                        + " 1"))
        .containsExactly(
            "the endpoint URL cannot be parsed",
            "the subscription's signing secret cannot be read");
  }

  @Test
  void metrics_count_what_happened() {
    shop.subscribe("order.created", receiver.url("/ok"));
    shop.subscribe("order.refused", receiver.url("/refused"));
    receiver.behave("/refused", (post, number) -> 404);
    Worker worker = workers.start("OUTBOX_RETRY_DELAYS", "50ms");

    shop.publishMany("order.created", 5);
    shop.publishMany("order.refused", 2);
    await().atMost(SOON).until(shop::isDone);

    String created = "{event=\"order.created\",tenant_id=\"%s\"".formatted(shop.tenant());
    String refused = "{event=\"order.refused\",tenant_id=\"%s\"".formatted(shop.tenant());
    await()
        .atMost(SOON)
        .untilAsserted(() -> {
          assertThat(metric(worker, "webhook_deliveries_total" + created + ",status=\"delivered\""))
              .isEqualTo(5);
          assertThat(metric(worker, "webhook_deliveries_total" + refused + ",status=\"failed\""))
              .isEqualTo(2);
        });
    assertThat(metric(worker, "webhook_retries_total" + refused + ",reason=\"client_error\""))
        .isEqualTo(2);
    assertThat(metric(worker, "webhook_delivery_duration_seconds_count" + refused)).isEqualTo(4);
    assertThat(
            metric(
                worker,
                "webhook_delivery_http_status_total{event=\"order.refused\",status_code=\"404\""))
        .isEqualTo(4);
    assertThat(metric(worker, "webhook_delivery_lag_seconds_count")).isEqualTo(7);
    assertThat(metric(worker, "webhook_lease_lost_total")).isZero();
  }

  @Test
  void probes_answer_ready_and_alive() {
    Worker worker = workers.start();

    assertThat(workers.get(worker, "/livez").statusCode()).isEqualTo(200);
    assertThat(workers.get(worker, "/readyz").statusCode()).isEqualTo(200);
    assertThat(workers.get(worker, "/nothing").statusCode()).isEqualTo(404);
  }

  @Test
  void two_workers_deliver_each_of_ten_thousand_events_exactly_once() {
    shop.subscribe("*", receiver.url("/ok"));
    shop.publishMany("order.created", 10_000);

    workers.start("OUTBOX_MAX_IN_FLIGHT_PER_SUBSCRIPTION", "200");
    workers.start("OUTBOX_MAX_IN_FLIGHT_PER_SUBSCRIPTION", "200");

    await().atMost(Duration.ofMinutes(2)).until(shop::isDone);
    assertThat(receiver.received()).hasSize(10_000);
    assertThat(receiver.received().stream().map(Received::delivery).distinct()).hasSize(10_000);
    assertThat(receiver.received().stream().map(post -> post.header("webhook-id")).distinct())
        .hasSize(10_000);
  }

  @Test
  void a_graceful_stop_finishes_running_attempts_and_gives_the_rest_back() throws Exception {
    CountDownLatch hang = new CountDownLatch(1);
    shop.subscribe("*", receiver.url("/slow"));
    receiver.behave(
        "/slow",
        (post, number) -> {
          hang.await();
          return 200;
        });
    Worker worker = workers.start();
    shop.publishMany("order.created", 20);
    await().atMost(SOON).until(() -> receiver.received().size() == 4);

    CompletableFuture<Boolean> stopped = CompletableFuture.supplyAsync(() -> stop(worker));
    await().atMost(SOON).until(() -> workers.get(worker, "/readyz").statusCode() == 503);
    hang.countDown();

    assertThat(stopped.get()).isTrue();
    assertThat(receiver.received()).hasSize(4);
    assertThat(
            shop.database()
                .number("select count(*) from webhooks.delivery_log where status = 'delivered'"))
        .isEqualTo(4);
    assertThat(
            shop.database()
                .number(
                    "select count(*) from webhooks.delivery"
                        + " where lease_until is null and claims = 0 and attempts = 0"))
        .isEqualTo(16);

    workers.start();
    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received().stream().map(Received::delivery).distinct()).hasSize(20);
    assertThat(receiver.received()).hasSize(20);
  }

  private static boolean stop(Worker worker) {
    try {
      return worker.stop();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private double metric(Worker worker, String lineStart) {
    return workers.metric(worker, lineStart);
  }

  private String insertSql(String event) {
    return "insert into webhooks.outbox (tenant_id, event, resource_id, data) values ('%s', '%s', '1', '{}')"
        .formatted(shop.tenant(), event);
  }

  private static String dataOf(Received post) {
    String body = new String(post.body(), StandardCharsets.UTF_8);
    int start = body.indexOf(",\"data\":") + 8;
    return body.substring(start, body.lastIndexOf(",\"metadata\":"));
  }
}
