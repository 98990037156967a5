package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.TestReceiver.Received;
import io.outboxworker.testing.Workers;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a dead worker, a lost timer or a crashing payload leaves behind heals by itself. */
final class RecoveryTest {
  private static final Duration SOON = Duration.ofSeconds(15);

  private final Shop shop = new Shop();
  private final TestReceiver receiver = new TestReceiver();
  private final Workers workers = new Workers(shop);

  @AfterEach
  void close() {
    workers.close();
    receiver.close();
    shop.close();
  }

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
  void a_suspect_is_tried_once_more_and_then_ends_as_lost() {
    delivery("claims = 2");
    UUID lost = delivery("claims = 3");

    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).hasSize(1);
    assertThat(shop.row("select id, last_error from webhooks.delivery_log where status = 'failed'"))
        .containsExactly(lost.toString(), "worker_lost");
  }

  @Test
  void a_delivery_is_not_blamed_for_lost_workers_while_others_are_lost_without_it() {
    UUID innocent = delivery("claims = 3, lease_token = 1");
    delivery("claims = 1, lease_token = 2::bigint << 32, lease_until = now() + interval '9 s'");

    workers.start();

    await().atMost(SOON).until(() -> status(innocent).equals("delivered"));
  }

  @Test
  void a_delivery_is_blamed_for_lost_workers_where_all_of_them_had_a_suspect() {
    UUID poison = delivery("claims = 3, lease_token = 1");
    delivery("claims = 1, lease_token = 2::bigint << 32, lease_until = now() + interval '9 s'");
    delivery(
        "claims = 3, lease_token = 1 + (2::bigint << 32), lease_until = now() + interval '9 s'");

    workers.start();

    await().atMost(SOON).until(() -> status(poison).equals("failed"));
    assertThat(receiver.received()).isEmpty();
  }

  @Test
  void two_suspects_run_one_after_the_other() {
    delivery("claims = 2");
    delivery("claims = 2");
    delivery("claims = 2");
    int[] mostAtOnce = {0};
    int[] now = {0};
    receiver.behave(
        "/ok",
        (post, number) -> {
          synchronized (mostAtOnce) {
            mostAtOnce[0] = Math.max(mostAtOnce[0], ++now[0]);
          }
          Thread.sleep(200);
          synchronized (mostAtOnce) {
            now[0]--;
          }
          return 200;
        });

    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).hasSize(3);
    assertThat(mostAtOnce[0]).isEqualTo(1);
  }

  @Test
  void a_suspect_that_hangs_does_not_hold_up_the_others() {
    delivery("claims = 2");
    delivery("claims = 2");
    delivery("claims = 2");
    CountDownLatch end = new CountDownLatch(1);
    receiver.behave(
        "/ok",
        (post, number) -> {
          if (number == 1) {
            end.await();
          }
          return 200;
        });

    workers.start();

    await().atMost(Duration.ofSeconds(8)).until(() -> receiver.received().size() == 3);
    end.countDown();
    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).hasSize(3);
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
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    receiver.behave(
        "/one",
        (post, number) -> {
          most.accumulateAndGet(running.incrementAndGet(), Math::max);
          Thread.sleep(20);
          running.decrementAndGet();
          return 200;
        });
    workers.start();

    shop.publishMany("order.created", 30);

    await().atMost(Duration.ofSeconds(40)).until(shop::isDone);
    assertThat(receiver.received()).hasSize(30);
    assertThat(most).hasValue(1);
  }

  /** A delivery of an event in the log, in the state that these columns say. */
  private String status(UUID delivery) {
    return String.valueOf(
        shop.database()
            .text(
                "select max(status) from webhooks.delivery_log where id = '%s'"
                    .formatted(delivery)));
  }

  private UUID delivery(String columns) {
    UUID subscription =
        shop.subscriptions().list(shop.tenant()).stream()
            .findFirst()
            .map(existing -> existing.id())
            .orElseGet(() -> shop.subscribe("*", receiver.url("/ok")));
    UUID delivery = UUID.fromString(shop.row("select webhooks.uuid_v7()").get(0));
    shop.database()
        .exec(
            """
            insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
            values ('%1$s', '%2$s', 'order.created', 'order', '1', '{}', now());
            insert into webhooks.delivery (id, event_id, subscription_id, tenant_id)
            values ('%1$s', '%1$s', '%3$s', '%2$s');
            update webhooks.delivery set %4$s where id = '%1$s'
            """
                .formatted(delivery, shop.tenant(), subscription, columns));
    return delivery;
  }
}
