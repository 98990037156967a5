package io.outboxworker.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What a producer gets wrong is refused in its own transaction, under a name that says it. */
@EveryPostgres
class OutboxChecksTest {
  private static final String EVENT = "event_must_be_a_dotted_name_of_at_most_100_characters";
  private static final String OBJECT = "data_must_be_a_json_object";
  private static final String SIZE = "data_must_have_at_most_262144_bytes";
  private static final String TRACE = "traceparent_must_be_a_w3c_trace_context";
  private static final String TIME = "occurred_at_must_be_a_time_between_the_years_1_and_9999";
  private static final String TYPE = "resource_type_must_have_1_to_100_characters";

  private static final List<Refused> REFUSED =
      List.of(
          new Refused("id", "gen_random_uuid()", "id_must_be_a_uuid_version_7"),
          new Refused("event", "'invoice'", EVENT),
          new Refused("event", "''", EVENT),
          new Refused("event", "'invoice.'", EVENT),
          new Refused("event", "'.created'", EVENT),
          new Refused("event", "'invoice..created'", EVENT),
          new Refused("event", "'invoice created.x'", EVENT),
          new Refused("event", "'invoice.créé'", EVENT),
          new Refused("event", "E'invoice.created\\n'", EVENT),
          new Refused("event", "'invoice.*'", EVENT),
          new Refused("event", "'a.' || repeat('b', 99)", EVENT),
          new Refused("resource_type", "''", TYPE),
          new Refused("resource_type", "repeat('x', 101)", TYPE),
          new Refused("resource_type", "repeat('é', 101)", TYPE),
          new Refused("resource_id", "''", "resource_id_must_have_1_to_1000_characters"),
          new Refused(
              "resource_id", "repeat('x', 1001)", "resource_id_must_have_1_to_1000_characters"),
          new Refused("data", "'[]'", OBJECT),
          new Refused("data", "'null'", OBJECT),
          new Refused("data", "'\"{}\"'", OBJECT),
          new Refused("data", "'1'", OBJECT),
          new Refused("data", object(262_145), SIZE),
          new Refused("traceparent", "'abc'", TRACE),
          new Refused("traceparent", "''", TRACE),
          new Refused("occurred_at", "'infinity'", TIME),
          new Refused("occurred_at", "'10000-01-01T00:00:00Z'", TIME));

  private final TestDatabase database;

  OutboxChecksTest(TestDatabase.Version version) {
    this.database = TestDatabase.create(version);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  /** The names of all checks, as the trigger has them. */
  static List<String> checks(TestDatabase database) {
    return database.texts(
        """
        select (regexp_matches(prosrc, '''([a-z0-9_]+_must_[a-z0-9_]+)''', 'g'))[1] from pg_proc
        where oid = 'webhooks.check_event'::regproc
        """);
  }

  /** An SQL expression for an object of so many bytes. */
  private static String object(int bytes) {
    return "('{\"a\":\"' || repeat('x', %d) || '\"}')::json".formatted(bytes - 8);
  }

  @Test
  void each_refusal_carries_the_name_of_its_check() throws SQLException {
    SoftAssertions softly = new SoftAssertions();
    try (Connection connection = database.connection()) {
      for (Refused row : REFUSED) {
        PSQLException e =
            catchThrowableOfType(
                PSQLException.class, () -> insert(connection, row.column(), row.value()));
        softly
            .assertThat(Objects.requireNonNull(e.getServerErrorMessage()).getConstraint())
            .as("%s = %s", row.column(), row.value())
            .isEqualTo(row.check());
      }
    }
    softly.assertAll();
  }

  @Test
  void every_check_of_the_outbox_is_met_above() {
    assertThat(new TreeSet<>(REFUSED.stream().map(Refused::check).toList()))
        .containsExactlyInAnyOrderElementsOf(checks(database));
  }

  @Test
  void an_event_with_several_faults_names_them_all() throws SQLException {
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() ->
              statement.execute(
                  """
                  insert into webhooks.outbox (tenant_id, event, resource_id, data)
                  values ('0190a5b2-0000-7000-8000-000000000001', 'invoice', '', '[]')
                  """))
          .isInstanceOfSatisfying(
              PSQLException.class,
              e -> {
                ServerErrorMessage message = Objects.requireNonNull(e.getServerErrorMessage());
                assertThat(e.getSQLState()).isEqualTo("23514");
                assertThat(message.getTable()).isEqualTo("outbox");
                assertThat(message.getMessage())
                    .isEqualTo(
                        "new row for relation \"outbox\" violates check constraint \""
                            + OBJECT
                            + '"');
                assertThat(message.getDetail())
                    .isEqualTo(
                        "Violated: "
                            + String.join(
                                ", ", OBJECT, EVENT, "resource_id_must_have_1_to_1000_characters")
                            + '.');
              });
    }
  }

  @Test
  void rows_that_replication_brings_are_checked_too() throws SQLException {
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      statement.execute("set session_replication_role = replica");
      assertThatThrownBy(() -> insert(connection, "event", "'invoice'"))
          .hasMessageContaining(EVENT);
    }
  }

  @Test
  void no_search_path_of_a_producer_leads_past_the_checks() throws SQLException {
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create schema own;
          create function own.length(text) returns int language sql as 'select 1';
          create function own.octet_length(text) returns int language sql as 'select 1';
          create function own.json_typeof(json) returns text language sql as $$ select 'object' $$;
          create function own.yes(text, text) returns boolean language sql as 'select true';
          create operator own.~ (leftarg = text, rightarg = text, function = own.yes);
          create operator own.= (leftarg = text, rightarg = text, function = own.yes);
          set search_path = own, pg_catalog, webhooks;
          """);
      assertThatThrownBy(() -> insert(connection, "event", "'invoice'"))
          .hasMessageContaining(EVENT);
      assertThatThrownBy(() -> insert(connection, "data", object(262_145)))
          .hasMessageContaining(SIZE);
      assertThatThrownBy(() -> insert(connection, "data", "'[]'")).hasMessageContaining(OBJECT);
      assertThatThrownBy(() -> insert(connection, "traceparent", "'abc'"))
          .hasMessageContaining(TRACE);
      insert(connection, "resource_id", "repeat('x', 1000)");
    }
    assertThat(database.number("select count(*) from webhooks.outbox")).isEqualTo(1);
  }

  @Test
  void what_is_just_allowed_is_accepted() throws SQLException {
    try (Connection connection = database.connection()) {
      insert(connection, "event", "'a.' || repeat('b', 98)");
      insert(connection, "event", "'Sales_Order.line-1.ADDED.2'");
      insert(connection, "resource_id", "repeat('x', 1000)");
      insert(connection, "resource_id", "repeat('é', 1000)");
      insert(connection, "resource_type", "repeat('é', 100)");
      insert(connection, "resource_type", "null");
      insert(connection, "data", object(262_144));
      insert(connection, "data", "'{}'");
      insert(connection, "id", "'0190a5b2-7f3e-7c1a-9b2d-3f4e5a6b7c8d'");
      insert(
          connection, "traceparent", "'00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'");
      insert(connection, "traceparent", "null");
      insert(connection, "occurred_at", "'2024-02-29T23:59:59.999999Z'");
    }
    assertThat(database.number("select count(*) from webhooks.outbox")).isEqualTo(12);
  }

  private static void insert(Connection connection, String column, String value)
      throws SQLException {
    String columns = "tenant_id";
    String values = "'0190a5b2-0000-7000-8000-000000000001'";
    for (String[] needed :
        new String[][] {{"event", "'a.b'"}, {"resource_id", "'r'"}, {"data", "'{}'"}}) {
      if (!needed[0].equals(column)) {
        columns += ", " + needed[0];
        values += ", " + needed[1];
      }
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "insert into webhooks.outbox (%s, %s) values (%s, %s)"
              .formatted(columns, column, values, value));
    }
  }

  private record Refused(String column, String value, String check) {}
}
