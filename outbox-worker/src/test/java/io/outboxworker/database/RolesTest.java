package io.outboxworker.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.SoftAssertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The scripts {@code roles/*.sql} say what each role may do and what it may not. */
@EveryPostgres
class RolesTest {
  private final TestDatabase database;

  RolesTest(TestDatabase.Version version) {
    this.database = TestDatabase.create(version);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void each_role_may_do_what_its_script_says_and_nothing_of_the_rest() throws Exception {
    SoftAssertions softly = new SoftAssertions();
    for (String role : List.of("webhooks_worker", "webhooks_producer", "webhooks_reader")) {
      List<String> allowed = statements(role, "allowed");
      List<String> denied = statements(role, "denied");
      assertThat(allowed).hasSizeGreaterThan(4);
      assertThat(denied).hasSizeGreaterThan(10);
      for (String statement : allowed) {
        softly.assertThat(sqlState(role, statement)).as("%s: %s", role, statement).isNull();
      }
      for (String statement : denied) {
        softly
            .assertThat(sqlState(role, statement))
            .as("%s: %s", role, statement)
            .isEqualTo("42501");
      }
    }
    softly.assertAll();
  }

  @Test
  void every_function_has_a_search_path_that_no_caller_can_bend_or_reads_no_table() {
    assertThat(
            database.texts(
                """
                select p.oid::regprocedure::text from pg_proc p join pg_language l on l.oid = p.prolang
                where p.pronamespace = 'webhooks'::regnamespace
                  and not coalesce(array_to_string(p.proconfig, ' ') like '%search_path=webhooks, pg_temp%', false)
                  and (p.prosecdef or l.lanname <> 'sql' or p.prosrc ~* '\\mfrom\\M\\s+[a-z_]*log|outbox|delivery|subscription')
                """))
        .isEmpty();
  }

  private @Nullable String sqlState(String role, String sql) throws SQLException {
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("set role " + role);
      try {
        statement.execute(sql);
        return null;
      } catch (SQLException e) {
        return e.getSQLState();
      }
    }
  }

  private static List<String> statements(String role, String kind) throws IOException {
    try (InputStream script = RolesTest.class.getResourceAsStream("/roles/" + role + ".sql")) {
      String text =
          new String(Objects.requireNonNull(script).readAllBytes(), StandardCharsets.UTF_8);
      String section = text.split("-- " + kind + "\n", 2)[1].split("\n-- ", 2)[0];
      return section.lines().filter(line -> !line.isBlank()).toList();
    }
  }
}
