package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.TestReceiver.Received;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a dead worker, a lost timer or a crashing payload leaves behind heals by itself. */
final class RecoveryTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(15);

  @Test
  void a_delivery_whose_lease_ran_out_is_made_by_another_worker() {
    UUID delivery = delivery("claims = 1, lease_token = 7, lease_until = now() - interval '1 s'");

    Worker worker = workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received())
        .extracting(Received::delivery)
        .containsExactly(delivery.toString());
    assertThat(workers.metric(worker, "webhook_orphans_recovered_total")).isEqualTo(1);
  }

  @Test
  void a_retry_whose_timer_was_lost_is_made_all_the_same() {
    delivery(
        "claims = 1, attempts = 1, history = '[{\"attempt\":1}]',"
            + " next_attempt_at = now() - interval '11 s', lease_until = now() - interval '1 s'");

    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).extracting(Received::attempt).containsExactly(2);
  }

  @Test
  void a_result_that_comes_after_another_claim_is_dropped_and_counted() {
    shop.subscribe("*", receiver.url("/stolen"));
    receiver.behave(
        "/stolen",
        (post, number) -> {
          if (number == 1) {
            shop.database()
                .exec(
                    "update webhooks.delivery set claims = claims + 1, lease_token = 42,"
                        + " lease_until = now() + interval '2 s'");
          }
          return 200;
        });
    Worker worker = workers.start();

    shop.publish("order.created", "{}");

    await().atMost(SOON).until(() -> workers.metric(worker, "webhook_lease_lost_total") == 1);
    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).hasSize(2);
    assertThat(receiver.received().stream().map(r -> r.header("webhook-id")).distinct()).hasSize(1);
    assertThat(shop.database().number("select count(*) from webhooks.delivery_log")).isEqualTo(1);
  }

  @Test
  void an_ordered_subscription_gets_its_events_one_by_one_and_in_order() {
    UUID subscription = shop.subscribe("*", receiver.url("/ordered"));
    shop.database()
        .exec(
            "update webhooks.subscription set ordered = true where id = '%s'"
                .formatted(subscription));
    receiver.behave("/ordered", (post, number) -> number == 3 ? 500 : 200);
    workers.start("OUTBOX_RETRY_DELAYS", "300ms");

    shop.publishMany("order.created", 10);

    await().atMost(Duration.ofSeconds(30)).until(shop::isDone);
    assertThat(receiver.received()).hasSize(11);
    assertThat(receiver.received().stream().map(r -> r.header("webhook-id")).distinct())
        .isSorted()
        .hasSize(10);
    assertThat(receiver.received().get(2).delivery())
        .isEqualTo(receiver.received().get(3).delivery());
  }

  @Test
  void an_older_delivery_that_waits_behind_an_ordered_one_stops_nobody_else() {
    UUID older = delivery("claims = 0");
    delivery(
        "claims = 1, attempts = 1, history = '[{}]', next_attempt_at = now() + interval '1 h',"
            + " lease_until = now() + interval '2 h', ordered = true");
    UUID other = delivery("claims = 0");
    UUID ordered = shop.subscribe("*", receiver.url("/ordered"));
    shop.database()
        .exec(
            """
            update webhooks.subscription set ordered = true where id = '%1$s';
            update webhooks.delivery set ordered = true, subscription_id = '%1$s' where id <> '%2$s'
            """
                .formatted(ordered, other));

    workers.start();

    await().atMost(SOON).until(() -> receiver.received("/ok").size() == 1);
    assertThat(receiver.received("/ok").get(0).delivery()).isEqualTo(other.toString());
    assertThat(receiver.received("/ordered")).isEmpty();
    assertThat(
            shop.database().text("select claims from webhooks.delivery where id = '" + older + "'"))
        .isEqualTo("0");
  }

  @Test
  void a_subscription_never_gets_more_attempts_at_once_than_it_asked_for() {
    UUID subscription = shop.subscribe("*", receiver.url("/one"));
    shop.database()
        .exec(
            "update webhooks.subscription set max_in_flight = 1 where id = '%s'"
                .formatted(subscription));
    receiver.behave("/one", TestReceiver.late(Duration.ofMillis(20), (post, number) -> 200));
    workers.start();

    shop.publishMany("order.created", 30);

    await().atMost(Duration.ofSeconds(40)).until(shop::isDone);
    assertThat(receiver.received()).hasSize(30);
    assertThat(receiver.mostAtOnce("/one")).isEqualTo(1);
  }

  private UUID delivery(String columns) {
    return shop.delivery(receiver.url("/ok"), columns);
  }
}
