package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.TestReceiver.Received;
import io.outboxworker.testing.WorkerProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, killed in the middle of their work. */
final class KilledWorkerTest {
  private static final int EVENTS = 3_000;

  private static final Duration ATTEMPT_LIMIT = Duration.ofSeconds(2);

  /** The lease of an attempt with this limit, and the sweep that notices its end. */
  private static final Duration RECOVERY = ATTEMPT_LIMIT.plusSeconds(21);

  @TempDir private Path folder;
  private final Shop shop = new Shop();
  private final TestReceiver receiver = new TestReceiver();

  @AfterEach
  void close() {
    receiver.close();
    shop.close();
  }

  @Test
  void nothing_is_lost_when_a_worker_is_killed_and_what_comes_twice_is_the_same() throws Exception {
    shop.subscribe("*", receiver.url("/ok"));
    receiver.behave("/ok", TestReceiver.late(Duration.ofMillis(20), (post, number) -> 204));
    shop.publishMany("order.created", EVENTS);

    try (WorkerProcess victim = start("victim")) {
      await().atMost(Duration.ofSeconds(40)).until(() -> receiver.received().size() >= EVENTS / 4);
      victim.kill();
    }
    long killedNanos = System.nanoTime();
    try (WorkerProcess heir = start("heir")) {
      await().atMost(RECOVERY.plusSeconds(60)).until(shop::isDone);
      assertThat(heir.stop()).isZero();
    }

    Map<String, List<Received>> byDelivery =
        receiver.received().stream().collect(Collectors.groupingBy(Received::delivery));
    assertThat(byDelivery).hasSize(EVENTS);
    assertThat(
            shop.database()
                .number("select count(*) from webhooks.delivery_log where status = 'delivered'"))
        .isEqualTo(EVENTS);
    assertThat(byDelivery.values())
        .allSatisfy(posts -> {
          assertThat(posts).hasSizeBetween(1, 2);
          assertThat(posts.stream().map(post -> post.header("webhook-id")).distinct()).hasSize(1);
          assertThat(posts.stream().map(KilledWorkerTest::text).distinct()).hasSize(1);
        });
    assertThat(byDelivery.values().stream().filter(posts -> posts.size() == 2).toList())
        .allSatisfy(posts ->
            assertThat(posts.get(1).nanos() - killedNanos)
                .isLessThan(RECOVERY.plusSeconds(10).toNanos()));
  }

  private WorkerProcess start(String name) {
    Map<String, String> environment = new HashMap<>(shop.environment());
    environment.put("OUTBOX_ATTEMPT_TIMEOUT", ATTEMPT_LIMIT.toSeconds() + "s");
    return WorkerProcess.start(environment, folder.resolve(name + ".log").toFile());
  }

  private static String text(Received post) {
    return new String(post.body(), StandardCharsets.UTF_8);
  }
}
