package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.Link;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The worker outlives its database. */
final class DatabaseOutageTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final URI database = URI.create(shop.database().psqlUrl());
  @AutoClose private final Link link = new Link(database.getPort());

  @Test
  void a_database_that_goes_away_and_comes_back_needs_no_restart_and_loses_nothing() {
    CountDownLatch answer = new CountDownLatch(1);
    shop.subscribe("*", receiver.url("/slow"));
    receiver.behave(
        "/slow",
        (post, number) -> {
          answer.await();
          return 200;
        });
    Worker worker = start();
    shop.publish("order.before", "{}");
    await().atMost(SOON).until(() -> receiver.received().size() == 1);

    link.cut();
    answer.countDown();
    await().atMost(SOON).until(() -> workers.get(worker, "/readyz").statusCode() == 503);
    assertThat(workers.get(worker, "/readyz").body()).contains("database main does not answer");
    assertThat(workers.get(worker, "/livez").statusCode()).isEqualTo(200);
    shop.publishMany("order.during", 20);
    link.mend();

    await().atMost(Duration.ofSeconds(30)).until(shop::isDone);
    await().atMost(SOON).until(() -> workers.get(worker, "/readyz").statusCode() == 200);
    assertThat(receiver.received().stream().map(post -> post.delivery()).distinct()).hasSize(21);
    assertThat(receiver.received()).hasSize(21);
    assertThat(
            shop.database()
                .number("select count(*) from webhooks.delivery_log where status = 'delivered'"))
        .isEqualTo(21);
  }

  @Test
  void results_whose_commit_was_never_answered_are_counted_and_made_once() {
    shop.subscribe("*", receiver.url("/flaky"));
    receiver.behave("/flaky", (post, number) -> number == 1 ? 500 : 200);
    Worker worker = start();
    link.breakCommits(6);

    shop.publish("order.created", "{}");

    await().atMost(SOON).until(shop::isDone);
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(workers.metric(worker, "webhook_deliveries_total{")).isEqualTo(1));
    assertThat(workers.metric(worker, "webhook_retries_total{")).isEqualTo(1);
    assertThat(workers.metric(worker, "webhook_lease_lost_total")).isZero();
    assertThat(receiver.received()).extracting(post -> post.attempt()).containsExactly(1, 2);
  }

  private Worker start() {
    return workers.start(
        "OUTBOX_DATABASE_URL",
        "postgresql://postgres@127.0.0.1:%d%s".formatted(link.port(), database.getPath()));
  }
}
