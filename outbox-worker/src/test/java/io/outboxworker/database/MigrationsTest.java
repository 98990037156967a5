package io.outboxworker.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.Cli;
import io.outboxworker.testing.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Migrations and the roles, which belong to the cluster and not to a database. */
class MigrationsTest {
  private final TestDatabase database = TestDatabase.create();

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void two_databases_that_migrate_at_once_do_not_collide_on_the_roles_of_the_cluster()
      throws Exception {
    List<TestDatabase> databases =
        List.of(
            TestDatabase.createEmpty(TestDatabase.Version.NEWEST),
            TestDatabase.createEmpty(TestDatabase.Version.NEWEST));
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<Integer>> migrated = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        DatabaseSettings settings = databases.get(i % 2).settings();
        Callable<Integer> migrate = () -> new Migrations(settings).migrate();
        migrated.add(threads.submit(migrate));
      }
      int applied = 0;
      for (Future<Integer> one : migrated) {
        applied += one.get();
      }
      assertThat(applied).isEqualTo(2 * migrations());
    } finally {
      databases.forEach(TestDatabase::close);
    }
  }

  @Test
  void who_finds_another_one_migrating_waits_and_then_migrates() throws Exception {
    TestDatabase empty = TestDatabase.createEmpty(TestDatabase.Version.NEWEST);
    try (Connection other = DriverManager.getConnection(empty.jdbcUrl());
        Statement statement = other.createStatement();
        ExecutorService thread = Executors.newSingleThreadExecutor()) {
      statement.execute("select pg_advisory_lock(%d)".formatted(Migrations.TURN));
      Future<Integer> migrated = thread.submit(() -> new Migrations(empty.settings()).migrate());
      await()
          .until(() ->
              empty.number(
                      "select count(*) from pg_stat_activity where state = 'idle' and query like"
                          + " 'select pg_try_advisory_lock%' and datname = current_database()")
                  == 1);
      assertThat(empty.text("select to_regclass('webhooks.outbox')")).isNull();

      statement.execute("select pg_advisory_unlock_all()");

      assertThat(migrated.get()).isEqualTo(migrations());
    } finally {
      empty.close();
    }
  }

  @Test
  void without_the_right_to_make_roles_migrate_goes_on_and_says_what_to_run() throws Exception {
    TestDatabase empty = TestDatabase.createEmpty(TestDatabase.Version.NEWEST);
    empty.exec("create role plain_owner login");
    empty.exec("alter database %s owner to plain_owner".formatted(name(empty)));
    empty.exec("alter role webhooks_reader rename to hidden_reader");
    try {
      Cli.Ran ran = Cli.run(Map.of("OUTBOX_DATABASE_URL", empty.jdbcUrl("plain_owner")), "migrate");
      assertThat(ran.exitCode()).as(ran.err()).isZero();
      assertThat(ran.err())
          .contains("create role webhooks_reader nologin;", "select webhooks.grant_roles();")
          .doesNotContain("webhooks_worker");
      empty.exec("create role webhooks_reader nologin");
      empty.exec("set role plain_owner; select webhooks.grant_roles()");
      empty.exec("set role webhooks_reader; select count(*) from webhooks.outbox");
      empty.exec(
          "set role webhooks_producer; select"
              + " webhooks.publish('0190a5b2-0000-7000-8000-000000000001', 'a.b', 'r', '{}')");
    } finally {
      empty.close();
      database.exec("drop role if exists webhooks_reader");
      database.exec("alter role hidden_reader rename to webhooks_reader");
      database.exec("drop role plain_owner");
    }
  }

  private static String name(TestDatabase database) {
    return Objects.requireNonNull(database.text("select current_database()"));
  }

  private int migrations() {
    return (int)
        database.number(
            "select count(*) from webhooks.flyway_schema_history where version is not null");
  }
}
