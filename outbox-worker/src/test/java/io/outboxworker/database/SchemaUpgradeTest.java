package io.outboxworker.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class SchemaUpgradeTest {
  private final TestDatabase database = TestDatabase.createEmpty(TestDatabase.Version.NEWEST);

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void a_migration_that_waits_for_a_lock_lets_traffic_pass_and_goes_on_when_it_is_free()
      throws Exception {
    migrateTo("4");
    try (Connection writer = database.connection();
        Statement statement = writer.createStatement()) {
      writer.setAutoCommit(false);
      statement.execute("lock table webhooks.subscription in row exclusive mode");
      CompletableFuture<Integer> migrating =
          CompletableFuture.supplyAsync(() -> new Migrations(database.settings()).migrate());
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() ->
              database.number(
                      "select count(*) from pg_locks where not granted and relation ="
                          + " 'webhooks.subscription'::regclass")
                  > 0);

      long start = System.nanoTime();
      database.exec("update webhooks.subscription set description = 'x'");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
      assertThat(migrating).isNotDone();

      writer.rollback();
      assertThat(migrating.get()).isPositive();
    }
    assertThat(new Migrations(database.settings()).fault()).isNull();
  }

  @Test
  void an_older_program_works_beside_a_newer_schema_and_leaves_it_alone() {
    Migrations program = new Migrations(database.settings());
    program.migrate();
    database.exec(
        """
        insert into webhooks.flyway_schema_history
          (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
        select max(installed_rank) + 1, '999', 'of the next release', 'SQL', 'V999__of_the_next_release.sql', 1, 'postgres', 1, true
        from webhooks.flyway_schema_history
        """);

    assertThat(new Migrations(database.settings()).fault()).isNull();
    assertThat(new Migrations(database.settings()).migrate()).isZero();
    assertThat(
            database.number(
                "select count(*) from webhooks.flyway_schema_history where version = '999'"))
        .isEqualTo(1);
  }

  @Test
  void a_program_names_the_version_that_an_older_schema_lacks() {
    assertThat(new Migrations(database.settings()).fault())
        .contains("has version none", "outbox migrate");
    migrateTo("2");
    assertThat(new Migrations(database.settings()).fault())
        .matches(
            "the schema \"webhooks\" has version 2, this program needs \\d+; run: outbox migrate");
  }

  private void migrateTo(String version) {
    Flyway.configure()
        .dataSource(database.jdbcUrl(), null, null)
        .locations("classpath:db/migration")
        .defaultSchema("webhooks")
        .createSchemas(true)
        .target(version)
        .load()
        .migrate();
  }
}
