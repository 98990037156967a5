package io.outboxworker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@EveryPostgres
class TestDatabaseTest {
  private final TestDatabase.Version version;
  private final TestDatabase database;

  TestDatabaseTest(TestDatabase.Version version) {
    this.version = version;
    this.database = TestDatabase.create(version);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void a_database_runs_on_the_version_asked_for() {
    int major = version == TestDatabase.Version.NEWEST ? 18 : 15;
    assertThat(database.number("select current_setting('server_version_num')::int / 10000"))
        .isEqualTo(major);
  }

  @Test
  void a_database_is_migrated_and_shares_nothing_with_another() {
    try (TestDatabase other = TestDatabase.create(version)) {
      other.exec("create table webhooks.mine ()");
      assertThat(database.text("select to_regclass('webhooks.mine')")).isNull();
      assertThat(other.text("select to_regclass('webhooks.mine')")).isEqualTo("webhooks.mine");
    }
  }
}
