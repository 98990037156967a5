package io.outboxworker.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.TestDatabase;
import java.time.Instant;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.junit.jupiter.api.Test;

class DatabaseClockTest {
  @Test
  void it_is_never_ahead_of_a_database_that_was_slow_to_read_its_own() {
    try (TestDatabase database = TestDatabase.create()) {
      database.exec(
          """
          create schema slow;
          create function slow.clock_timestamp() returns timestamptz language plpgsql as $$
            begin
              perform pg_sleep(0.3);
              return pg_catalog.clock_timestamp();
            end $$
          """);
      String url = database.jdbcUrl() + "&currentSchema=slow,pg_catalog";

      DatabaseClock clock = new DatabaseClock(Jdbi.create(url).installPlugin(new PostgresPlugin()));

      Instant ours = clock.now();
      Instant theirs =
          database
              .jdbi()
              .withHandle(handle ->
                  handle.createQuery("select clock_timestamp()").mapTo(Instant.class).one());
      assertThat(ours).isBeforeOrEqualTo(theirs);
    }
  }
}
