package io.outboxworker.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;

@EveryPostgres
class PublishTest {
  private static final UUID TENANT = UUID.fromString("0190a5b2-0000-7000-8000-000000000001");

  private final TestDatabase database;

  PublishTest(TestDatabase.Version version) {
    this.database = TestDatabase.create(version);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void publish_inserts_the_event_and_returns_its_id() throws SQLException {
    UUID id = published("select webhooks.publish(?, ?, ?, ?::json)", TENANT, "a.b", "r-1", "{}");
    assertThat(id.version()).isEqualTo(7);
    assertThat(
            database.text(
                """
                select concat_ws('|', tenant_id, event, coalesce(resource_type, 'none'), resource_id, data,
                  occurred_at > now() - interval '1 minute')
                from webhooks.outbox where id = '%s'
                """
                    .formatted(id)))
        .isEqualTo(TENANT + "|a.b|none|r-1|{}|t");
  }

  @Test
  void publish_takes_a_resource_type() throws SQLException {
    published("select webhooks.publish(?, ?, ?, ?::json, ?)", TENANT, "a.b", "r-1", "{}", "bill");
    assertThat(database.text("select resource_type from webhooks.outbox")).isEqualTo("bill");
  }

  @Test
  void drivers_that_send_strings_reach_publish() throws SQLException {
    published("select webhooks.publish(?, ?, ?, ?)", TENANT.toString(), "a.b", "r-1", "{\"n\":1}");
    published("select webhooks.publish(?, ?, ?, ?)", TENANT, "a.b", "r-2", "{\"n\":1}");
    published(
        "select webhooks.publish(?, ?, ?, ?, ?)", TENANT.toString(), "a.b", "r-3", "{}", null);
    published(
        "select webhooks.publish(tenant_id => ?, event => ?, resource_id => ?, data => ?)",
        TENANT.toString(),
        "a.b",
        "r-4",
        "{\"n\":1}");
    assertThat(database.number("select count(*) from webhooks.outbox")).isEqualTo(4);
  }

  @Test
  void literals_reach_publish_without_casts() {
    database.exec("select webhooks.publish('%s', 'a.b', 'r-1', '{}')".formatted(TENANT));
    database.exec(
        "select webhooks.publish('%s', 'a.b', 'r-1', json_build_object('n', 1))".formatted(TENANT));
    assertThat(database.number("select count(*) from webhooks.outbox")).isEqualTo(2);
  }

  @Test
  void data_stays_byte_for_byte() throws SQLException {
    String odd = "{ \"z\" : 1.50,\n\"a\":\"\\u00e9 é 😀\", \"z\":1e2,\t\"nul\":\"\\u0000\" }";
    published("select webhooks.publish(?, ?, ?, ?)", TENANT.toString(), "a.b", "r-1", odd);
    published("select webhooks.publish(?, ?, ?, ?::json)", TENANT, "a.b", "r-2", odd);
    assertThat(database.text("select string_agg(data::text, '' order by id) from webhooks.outbox"))
        .isEqualTo(odd + odd);
  }

  @Test
  void a_tenant_that_is_no_uuid_is_named() {
    assertThatThrownBy(
            () -> published("select webhooks.publish(?, ?, ?, ?)", "tenant-1", "a.b", "r-1", "{}"))
        .isInstanceOfSatisfying(
            PSQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("22P02"))
        .hasMessageContaining("tenant_id must be a UUID, this is not one: tenant-1");
  }

  @Test
  void data_that_is_no_json_is_named_with_the_reason() {
    assertThatThrownBy(
            () -> published("select webhooks.publish(?, ?, ?, ?)", TENANT, "a.b", "r-1", "{'a':1}"))
        .isInstanceOfSatisfying(
            PSQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("22P02"))
        .hasMessageContaining("data must be a JSON object, this is not JSON: {'a':1}")
        .hasMessageContaining("Token \"'\" is invalid");
  }

  @Test
  void what_is_missing_is_named_by_its_column() {
    assertThatThrownBy(
            () -> published("select webhooks.publish(?, ?, ?, ?)", null, "a.b", "r-1", "{}"))
        .hasMessageContaining("\"tenant_id\"");
    assertThatThrownBy(
            () -> published("select webhooks.publish(?, ?, ?, ?)", TENANT, null, "r-1", "{}"))
        .hasMessageContaining("\"event\"");
    assertThatThrownBy(
            () -> published("select webhooks.publish(?, ?, ?, ?)", TENANT, "a.b", null, "{}"))
        .hasMessageContaining("\"resource_id\"");
    assertThatThrownBy(
            () -> published("select webhooks.publish(?, ?, ?, ?)", TENANT, "a.b", "r-1", null))
        .hasMessageContaining("\"data\"");
  }

  @Test
  void a_rollback_leaves_nothing() throws SQLException {
    try (Connection connection = database.connection()) {
      connection.setAutoCommit(false);
      publish(connection, "select webhooks.publish(?, ?, ?, ?)", TENANT, "a.b", "r-1", "{}");
      connection.rollback();
    }
    assertThat(database.number("select count(*) from webhooks.outbox")).isZero();
  }

  @Test
  void a_fixed_search_path_ignores_what_a_caller_puts_in_the_way() throws SQLException {
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create schema rogue;
          create table rogue.outbox (like webhooks.outbox including all);
          create temporary table outbox (like webhooks.outbox including all);
          set search_path = rogue, pg_temp, webhooks
          """);
      publish(connection, "select webhooks.publish(?, ?, ?, ?)", TENANT, "a.b", "r-1", "{}");
      publish(connection, "select webhooks.trigger_invoice_sent(?, ?)", TENANT, "inv-1");
    }
    assertThat(database.number("select count(*) from webhooks.outbox")).isEqualTo(2);
  }

  @Test
  void the_example_file_runs_and_changes_nothing() throws Exception {
    database.exec(Files.readString(Path.of("../sql/producer/psql/publish.sql")));
    assertThat(database.number("select count(*) from webhooks.outbox")).isZero();
  }

  private UUID published(String sql, @Nullable Object... arguments) throws SQLException {
    try (Connection connection = database.connection()) {
      return publish(connection, sql, arguments);
    }
  }

  private static UUID publish(Connection connection, String sql, @Nullable Object... arguments)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        if (arguments[i] instanceof UUID uuid) {
          statement.setObject(i + 1, uuid);
        } else {
          statement.setString(i + 1, (String) arguments[i]);
        }
      }
      try (ResultSet returned = statement.executeQuery()) {
        returned.next();
        return returned.getObject(1, UUID.class);
      }
    }
  }
}
