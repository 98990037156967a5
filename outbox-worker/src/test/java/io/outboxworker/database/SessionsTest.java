package io.outboxworker.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@EveryPostgres
class SessionsTest {
  private final TestDatabase database;
  private final Sessions sessions;

  SessionsTest(TestDatabase.Version version) {
    database = TestDatabase.create(version);
    sessions = new Sessions(database.jdbi());
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void a_transaction_that_holds_a_snapshot_is_named_with_its_age() throws Exception {
    assertThat(sessions.longestTransaction()).isZero();
    try (Connection holder = database.connection();
        Statement statement = holder.createStatement()) {
      statement.execute("set application_name = 'nightly report'");
      holder.setAutoCommit(false);
      holder.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      statement.execute("select 1");

      assertThat(sessions.holders(Duration.ZERO))
          .singleElement()
          .satisfies(found -> {
            assertThat(found.application()).isEqualTo("nightly report");
            assertThat(found.user()).isEqualTo("postgres");
            assertThat(found.state()).isEqualTo("idle in transaction");
          });
      assertThat(sessions.holders(Duration.ofMinutes(10))).isEmpty();
      assertThat(sessions.longestTransaction()).isPositive();
      assertThat(sessions.seesAll()).isTrue();
    }
  }
}
