package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestReceiver.Received;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** When retries are made, and how many timers that takes. */
final class RetryTimesTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(15);

  @Test
  void the_retries_of_a_moment_share_a_timer_and_none_is_early() {
    int events = 1_000;
    shop.subscribe("*", receiver.url("/fails"));
    receiver.behave("/fails", (post, number) -> post.attempt() == 1 ? 500 : 204);
    workers.start("OUTBOX_RETRY_DELAYS", "4s");

    shop.publishMany("order.created", events);

    await()
        .atMost(SOON)
        .until(() ->
            shop.database()
                    .number("select count(*) from webhooks.delivery where next_attempt_at > now()")
                == events);
    assertThat(shop.database().number("select count(*) from webhooks.scheduled_tasks"))
        .isBetween(1L, events / 4L);
    await().atMost(SOON).until(shop::isDone);
    Map<String, List<Received>> attempts =
        receiver.received().stream().collect(Collectors.groupingBy(Received::delivery));
    assertThat(attempts).hasSize(events);
    assertThat(attempts.values())
        .allSatisfy(two -> {
          assertThat(two).hasSize(2);
          assertThat(Duration.ofNanos(two.get(1).nanos() - two.get(0).nanos()))
              .isGreaterThanOrEqualTo(Duration.ofSeconds(4));
        });
    await()
        .atMost(SOON)
        .until(() -> shop.database().number("select count(*) from webhooks.scheduled_tasks") == 0);
  }

  /** A timer that must go off at once never joins one that may have gone off already. */
  @Test
  void retries_without_a_pause_do_not_miss_their_timer() {
    shop.subscribe("*", receiver.url("/fails"));
    receiver.behave("/fails", (post, number) -> post.attempt() < 4 ? 500 : 204);
    shop.database().exec("update webhooks.subscription set retry_delays_ms = '{1,1,1}'");
    workers.start();

    shop.publishMany("order.created", 300);

    // Sooner than the sweep, which finds what no timer told of after 10 s.
    await().atMost(Duration.ofSeconds(8)).until(shop::isDone);
    assertThat(
            shop.database()
                .number(
                    "select count(*) from webhooks.delivery_log where status = 'delivered' and"
                        + " attempts = 4"))
        .isEqualTo(300);
  }
}
