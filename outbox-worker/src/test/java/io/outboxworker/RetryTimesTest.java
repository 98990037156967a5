package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestReceiver.Received;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** When retries are made, and how many timers that takes. */
final class RetryTimesTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration MISSED = Duration.ofSeconds(10);

  @Test
  void the_retries_of_a_moment_share_a_timer_and_none_is_early() {
    int events = 1_000;
    shop.subscribe("*", receiver.url("/fails"));
    receiver.behave("/fails", (post, number) -> post.attempt() == 1 ? 500 : 204);
    workers.start("OUTBOX_RETRY_DELAYS", "4s");

    shop.publishMany("order.created", events);

    List<Long> timers = new ArrayList<>();
    await()
        .atMost(SOON)
        .until(() -> {
          timers.add(shop.database().number("select count(*) from webhooks.scheduled_tasks"));
          return shop.isDone();
        });
    assertThat(Collections.max(timers)).isBetween(1L, events / 4L);
    assertThat(receiver.received()).hasSize(2 * events);
    assertThat(gaps())
        .hasSize(events)
        .allSatisfy(gap -> assertThat(gap).isGreaterThanOrEqualTo(Duration.ofSeconds(4)));
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

    await().until(shop::isDone);
    // The sweep finds what no timer told of, but only after 10 s.
    assertThat(gaps()).hasSize(3 * 300).allSatisfy(gap -> assertThat(gap).isLessThan(MISSED));
    assertThat(
            shop.database()
                .number(
                    "select count(*) from webhooks.delivery_log where status = 'delivered' and"
                        + " attempts = 4"))
        .isEqualTo(300);
  }

  /** Between the attempts of each delivery. */
  private List<Duration> gaps() {
    Map<String, List<Received>> attempts =
        receiver.received().stream().collect(Collectors.groupingBy(Received::delivery));
    return attempts.values().stream()
        .flatMap(posts ->
            IntStream.range(1, posts.size())
                .mapToObj(i -> Duration.ofNanos(posts.get(i).nanos() - posts.get(i - 1).nanos())))
        .toList();
  }
}
