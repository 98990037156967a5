package io.outboxworker.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.outboxworker.testing.Link;
import io.outboxworker.testing.TestDatabase;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseTest {
  /** What a lease outlives its attempt by: within this a result must find another connection. */
  private static final int LEASE_MARGIN_MILLIS = 15_000;

  private final TestDatabase database = TestDatabase.create();

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void a_server_that_went_silent_is_left_before_the_leases_of_what_waits_are_over() {
    try (Database pool = Database.openUnhurried(database.settings(), "test", 1, null)) {
      assertThat(networkTimeoutMillis(pool)).isEqualTo(12_000).isLessThan(LEASE_MARGIN_MILLIS);
      assertThat(setting(pool, "statement_timeout")).isEqualTo("10s");
      assertThat(setting(pool, "synchronous_commit")).isEqualTo("off");
    }
    try (Database pool = Database.openForLargeStatements(database.settings(), "test", 1, null)) {
      assertThat(networkTimeoutMillis(pool)).isEqualTo(12_000);
      assertThat(setting(pool, "plan_cache_mode")).isEqualTo("force_generic_plan");
    }
  }

  @Test
  void a_pool_whose_first_connection_breaks_while_it_is_set_up_works_with_the_next() {
    URI url = URI.create(database.psqlUrl());
    try (Link link = new Link(url.getPort())) {
      link.breakAt("TRANSACTION ISOLATION", 1);
      String detour =
          database.settings().jdbcUrl().replace(":" + url.getPort() + "/", ":" + link.port() + "/");
      DatabaseSettings settings =
          new DatabaseSettings(detour, database.settings().user(), database.settings().password());
      try (Database pool = Database.openUnhurried(settings, "test", 1, null)) {
        assertThat(setting(pool, "transaction_isolation")).isEqualTo("read committed");
        assertThat(link.toBreak()).isZero();
      }
    }
  }

  /** A pool alone would ask again until its 5 s are over, and only then tell why. */
  @ParameterizedTest
  @CsvSource({"user=postgres, user=nobody, 28000", "/test_, /absent_, 3D000"})
  void a_login_that_is_refused_is_told_without_waiting(String right, String wrong, String state) {
    String url = database.settings().jdbcUrl().replace(right, wrong);
    try (Database pool = Database.open(new DatabaseSettings(url, null, null), "test", 1, null)) {
      long begun = System.nanoTime();
      assertThatThrownBy(() -> pool.awaitReachable(Duration.ofMinutes(1)))
          .isInstanceOf(DatabaseUnreachable.class)
          .hasMessageContaining(state);
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(4));
    }
  }

  @Test
  void upkeep_has_time_for_what_takes_longer() {
    try (Database pool = Database.openForUpkeep(database.settings(), "test", 1, null)) {
      assertThat(networkTimeoutMillis(pool)).isEqualTo(30_000);
      assertThat(setting(pool, "statement_timeout")).isEqualTo("25s");
    }
  }

  @Test
  void a_migration_gives_a_lock_up_soon_whatever_options_the_url_has() throws Exception {
    String url =
        database.settings().jdbcUrl() + "&options=-c%20synchronous_commit%3Don%20-c%20work_mem=1MB";
    String migrating = new DatabaseSettings(url, null, null).withOptions("-c lock_timeout=300");
    try (Connection connection = DriverManager.getConnection(migrating);
        Statement statement = connection.createStatement();
        ResultSet settings =
            statement.executeQuery(
                "select current_setting('lock_timeout'), current_setting('work_mem')")) {
      settings.next();
      assertThat(settings.getString(1)).isEqualTo("300ms");
      assertThat(settings.getString(2)).isEqualTo("1MB");
    }
  }

  @Test
  void options_of_the_url_win_and_leave_the_others_as_they_are() {
    String url = database.settings().jdbcUrl();
    DatabaseSettings waiting =
        new DatabaseSettings(
            url
                + (url.contains("?") ? "&" : "?")
                + "options=-c%20synchronous_commit%3Don&socketTimeout=40",
            database.settings().user(),
            database.settings().password());
    try (Database pool = Database.openUnhurried(waiting, "test", 1, null)) {
      assertThat(setting(pool, "synchronous_commit")).isEqualTo("on");
      assertThat(setting(pool, "statement_timeout")).isEqualTo("10s");
      assertThat(setting(pool, "enable_seqscan")).isEqualTo("off");
      assertThat(networkTimeoutMillis(pool)).isEqualTo(40_000);
    }
  }

  private static String setting(Database pool, String name) {
    return pool.jdbi().withHandle(h -> h.createQuery("show " + name).mapTo(String.class).one());
  }

  private static int networkTimeoutMillis(Database pool) {
    return pool.jdbi()
        .withHandle(h -> {
          try {
            return h.getConnection().getNetworkTimeout();
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
        });
  }
}
