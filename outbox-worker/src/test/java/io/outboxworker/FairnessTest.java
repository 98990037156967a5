package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.EndToEnd;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What one endpoint or tenant does must not be felt by another. */
final class FairnessTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(15);

  private final CountDownLatch released = new CountDownLatch(1);

  @AfterEach
  void release() {
    released.countDown();
  }

  @Test
  void endpoints_that_hang_leave_slots_for_the_others_even_where_they_could_take_all() {
    int each = 30;
    for (int i = 0; i < each; i++) {
      String hanging = "/hangs/" + i;
      receiver.behave(
          hanging,
          (post, number) -> {
            released.await();
            return 204;
          });
      shop.subscribe("order.*", receiver.url(hanging));
      shop.subscribe("order.*", receiver.url("/works/" + i));
    }
    shop.publishMany("order.placed", 10);

    workers.start("OUTBOX_MAX_IN_FLIGHT", "64", "OUTBOX_ATTEMPT_TIMEOUT", "30s");

    await().atMost(SOON).until(() -> arrived("/works/") == 10L * each);
    assertThat(arrived("/hangs/")).isBetween(1L, 64L);
  }

  @Test
  void the_events_of_a_quiet_tenant_leave_the_middle_of_a_flood_before_it_is_over() {
    UUID quiet = UUID.randomUUID();
    AtomicLong waitingThen = new AtomicLong(-1);
    receiver.behave(
        "/quiet",
        (post, number) -> {
          waitingThen.set(shop.database().number("select count(*) from webhooks.outbox"));
          return 204;
        });
    shop.subscribe("flood.*", receiver.url("/flood"));
    shop.subscribe(quiet, "order.placed", receiver.url("/quiet"));
    shop.publishMany("flood.of_events", 30_000);
    shop.publish(quiet, "order.placed", "{}");
    shop.publishMany("flood.of_events", 30_000);

    workers.start();

    await().atMost(Duration.ofSeconds(30)).until(() -> waitingThen.get() >= 0);
    assertThat(waitingThen.get()).isGreaterThan(5_000);
  }

  @Test
  void a_subscription_gets_no_more_per_second_than_it_asked_for_and_the_rest_waits_parked() {
    UUID slow = shop.subscribe("order.*", receiver.url("/slow"));
    shop.subscribe("order.*", receiver.url("/quick"));
    shop.database()
        .exec("update webhooks.subscription set max_per_second = 20 where id = '" + slow + "'");
    workers.start();

    shop.publishMany("order.placed", 60);

    await().atMost(SOON).until(() -> arrived("/quick") == 60);
    assertThat(
            shop.database()
                .number("select count(*) from webhooks.delivery where lease_until is null"))
        .isGreaterThan(20);
    await().atMost(SOON).until(shop::isDone);
    var posts = receiver.received("/slow");
    assertThat(posts).hasSize(60);
    // 60 at 20 a second, of which two may go at once in the beginning.
    assertThat(Duration.ofNanos(posts.get(59).nanos() - posts.get(0).nanos()))
        .isBetween(Duration.ofMillis(2_800), Duration.ofSeconds(10));
  }

  @Test
  void retries_keep_to_the_pace_too() {
    UUID slow = shop.subscribe("order.*", receiver.url("/slow"));
    shop.database()
        .exec(
            "update webhooks.subscription set max_per_second = 5, retry_delays_ms = '{100}' where"
                + " id = '"
                + slow
                + "'");
    receiver.behave("/slow", (post, number) -> post.attempt() == 1 ? 500 : 204);
    workers.start();

    shop.publishMany("order.placed", 6);

    await().atMost(SOON).until(shop::isDone);
    var posts = receiver.received("/slow");
    assertThat(posts).hasSize(12);
    assertThat(Duration.ofNanos(posts.get(11).nanos() - posts.get(0).nanos()))
        .isGreaterThan(Duration.ofMillis(2_100));
    assertThat(
            shop.database().number("select count(*) from webhooks.delivery_log where attempts = 2"))
        .isEqualTo(6);
  }

  private long arrived(String pathStart) {
    return receiver.received().stream().filter(post -> post.path().startsWith(pathStart)).count();
  }
}
