package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestReceiver.Received;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** {@code ordered}: one at a time, in the order of the events, over all workers. */
final class OrderedTest extends EndToEnd {
  private static final int EVENTS = 40;

  private final List<String> early = Collections.synchronizedList(new ArrayList<>());

  @Test
  void two_workers_send_in_order_one_at_a_time_and_each_after_the_record_of_the_one_before() {
    for (int i = 0; i < 3; i++) {
      UUID id = shop.subscribe("order.*", receiver.url("/ordered/" + i));
      receiver.behave(
          "/ordered/" + i,
          (post, number) -> {
            noteIfEarly(id, post);
            // Every seventh event works at its second attempt, every tenth never.
            int event = event(post);
            return event % 10 == 0 || (event % 7 == 0 && post.attempt() == 1) ? 500 : 204;
          });
    }
    shop.database()
        .exec("update webhooks.subscription set ordered = true, retry_delays_ms = '{50,50}'");
    workers.start();
    workers.start();

    for (int i = 0; i < EVENTS; i++) {
      shop.publish("order.placed", "{\"n\":" + (i + 1) + "}");
    }

    await().atMost(Duration.ofSeconds(60)).until(shop::isDone);
    assertThat(early).isEmpty();
    for (int i = 0; i < 3; i++) {
      assertThat(receiver.received("/ordered/" + i))
          .extracting(post -> event(post) + "." + post.attempt())
          .containsExactlyElementsOf(expected());
    }
    assertThat(
            shop.database()
                .number("select count(*) from webhooks.delivery_log where status = 'failed'"))
        .isEqualTo(3L * (EVENTS / 10));
  }

  /** At each POST, everything before it must be in the log, and nothing else on its way. */
  private void noteIfEarly(UUID subscription, Received post) {
    long finals =
        shop.database()
            .number(
                "select count(*) from webhooks.delivery_log where subscription_id = '"
                    + subscription
                    + "'");
    if (finals != event(post) - 1) {
      early.add("event %d with %d in the log".formatted(event(post), finals));
    }
  }

  private static List<String> expected() {
    List<String> posts = new ArrayList<>();
    for (int event = 1; event <= EVENTS; event++) {
      int attempts = event % 10 == 0 ? 3 : event % 7 == 0 ? 2 : 1;
      for (int attempt = 1; attempt <= attempts; attempt++) {
        posts.add(event + "." + attempt);
      }
    }
    return posts;
  }

  private static int event(Received post) {
    String body = new String(post.body(), StandardCharsets.UTF_8);
    int start = body.indexOf("\"n\":") + 4;
    return Integer.parseInt(body.substring(start, body.indexOf('}', start)));
  }
}
