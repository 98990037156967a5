package io.outboxworker.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.Shop;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a new version's migration does to those who go on with the old one. */
final class LaterMigrationTest {
  private final Shop shop = new Shop();
  private final DatabaseSettings settings = shop.database().settings();
  private final Migrations later =
      new Migrations(settings, "classpath:db/migration", "classpath:db/later");

  @AfterEach
  void close() {
    shop.close();
  }

  @Test
  void a_migration_behind_a_long_transaction_waits_and_no_producer_waits_with_it()
      throws SQLException {
    CompletableFuture<Integer> migrating;
    long slowestInsert = 0;
    try (Connection holder = DriverManager.getConnection(settings.jdbcUrl());
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("select count(*) from webhooks.outbox");
      migrating = CompletableFuture.supplyAsync(later::migrate);
      await().atMost(Duration.ofSeconds(20)).until(this::somebodyWaitsForTheOutbox);

      long until = System.nanoTime() + Duration.ofSeconds(3).toNanos();
      while (System.nanoTime() < until) {
        long before = System.nanoTime();
        shop.publish("order.created", "{}");
        slowestInsert = Math.max(slowestInsert, System.nanoTime() - before);
      }
      assertThat(migrating).isNotDone();
      holder.rollback();
    }

    assertThat(migrating.join()).isEqualTo(1);
    assertThat(Duration.ofNanos(slowestInsert)).isLessThan(Duration.ofMillis(600));
  }

  @Test
  void an_older_program_starts_on_a_newer_schema_and_leaves_it_alone() {
    later.migrate();

    Migrations older = new Migrations(settings);

    assertThat(older.fault()).isNull();
    assertThat(older.migrate()).isZero();
    assertThat(later.fault()).isNull();
  }

  private boolean somebodyWaitsForTheOutbox() {
    return shop.database()
            .number(
                """
                select count(*) from pg_locks
                where not granted and relation = 'webhooks.outbox'::regclass
                """)
        > 0;
  }
}
