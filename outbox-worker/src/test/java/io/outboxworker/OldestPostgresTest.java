package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.database.Migrations;
import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestDatabase;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.Workers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** What depends on the version of PostgreSQL, on the newest and on the oldest that is supported. */
@EveryPostgres
final class OldestPostgresTest {
  private final TestDatabase.Version version;

  OldestPostgresTest(TestDatabase.Version version) {
    this.version = version;
  }

  @Test
  void eight_migrations_at_once_apply_each_migration_once() {
    try (TestDatabase empty = TestDatabase.createEmpty(version);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<Integer>> applied = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        applied.add(
            CompletableFuture.supplyAsync(
                () -> new Migrations(empty.settings()).migrate(), threads));
      }

      assertThat(applied.stream().mapToInt(CompletableFuture::join).sum())
          .isEqualTo(
              empty.number(
                  "select count(*) from webhooks.flyway_schema_history where version is not null"));
      assertThat(new Migrations(empty.settings()).fault()).isNull();
    }
  }

  @Test
  void a_schema_that_is_not_there_is_named() {
    try (TestDatabase empty = TestDatabase.createEmpty(version)) {
      assertThat(new Migrations(empty.settings()).fault())
          .contains("has version none")
          .contains("outbox migrate");
    }
  }

  @Test
  void deliveries_are_made_retried_parked_and_recorded() {
    try (Shop shop = new Shop(version);
        TestReceiver receiver = new TestReceiver();
        Workers workers = new Workers(shop)) {
      shop.subscribe("*", receiver.url("/flaky"));
      receiver.behave("/flaky", (post, number) -> number <= 5 ? 500 : 200);
      workers.start("OUTBOX_RETRY_DELAYS", "100ms,100ms,100ms");

      shop.publishMany("order.created", 300);

      await().atMost(Duration.ofSeconds(60)).until(shop::isDone);
      assertThat(
              shop.database()
                  .number("select count(*) from webhooks.delivery_log where status = 'delivered'"))
          .isEqualTo(300);
      assertThat(receiver.received()).hasSize(305);
    }
  }
}
