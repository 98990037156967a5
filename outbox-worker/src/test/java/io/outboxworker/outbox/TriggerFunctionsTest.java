package io.outboxworker.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@EveryPostgres
class TriggerFunctionsTest {
  private static final String TENANT = "0190a5b2-0000-7000-8000-000000000001";
  private static final Path EXAMPLES = Path.of("../sql/producer/psql/trigger-functions.sql");

  private static final List<Function> CATALOGUE =
      List.of(
          new Function("trigger_payment_received", "payment.received", "payment_id"),
          new Function("trigger_payment_failed", "payment.failed", "payment_id"),
          new Function("trigger_customer_created", "customer.created", "customer_id"),
          new Function("trigger_customer_updated", "customer.updated", "customer_id"),
          new Function("trigger_sales_order_created", "sales_order.created", "order_id"),
          new Function("trigger_sales_order_confirmed", "sales_order.confirmed", "order_id"),
          new Function("trigger_sales_order_cancelled", "sales_order.cancelled", "order_id"),
          new Function("trigger_invoice_created", "invoice.created", "invoice_id"),
          new Function("trigger_invoice_sent", "invoice.sent", "invoice_id"),
          new Function("trigger_invoice_authorized", "invoice.authorized", "invoice_id"),
          new Function("trigger_invoice_rejected", "invoice.rejected", "invoice_id"),
          new Function("trigger_invoice_cancelled", "invoice.cancelled", "invoice_id"),
          new Function("trigger_inventory_low", "inventory.low", "product_id"),
          new Function("trigger_inventory_updated", "inventory.updated", "product_id"),
          new Function("trigger_document_updated", "document.updated", "document_id"),
          new Function("trigger_error_occurred", "error.occurred", "error_id"),
          new Function("trigger_purchase_order_created", "purchase_order.created", "order_id"));

  private final TestDatabase database;

  TriggerFunctionsTest(TestDatabase.Version version) {
    this.database = TestDatabase.create(version);
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void the_functions_are_those_of_the_catalogue() {
    assertThat(
            database.texts(
                """
                select proname from pg_proc
                where pronamespace = 'webhooks'::regnamespace and proname like 'trigger%'
                """))
        .containsExactlyInAnyOrderElementsOf(CATALOGUE.stream().map(Function::name).toList());
  }

  @Test
  void every_argument_becomes_a_member_of_data_in_the_order_of_the_arguments() throws Exception {
    Map<String, String> examples = examples();
    assertThat(examples).hasSize(CATALOGUE.size());
    SoftAssertions softly = new SoftAssertions();
    try (Connection connection = database.connection()) {
      for (Map.Entry<String, String> example : examples.entrySet()) {
        Published event = call(connection, example.getKey());
        Function function = called(example.getKey());
        softly.assertThat(event.event()).isEqualTo(function.event());
        softly.assertThat(event.data()).as(function.name()).isEqualTo(example.getValue());
        softly
            .assertThat(event.data())
            .startsWith("{\"%s\":\"%s\"".formatted(function.id(), event.resourceId()));
        softly.assertThat(event.tenant()).isEqualTo(UUID.fromString(TENANT));
      }
    }
    softly.assertAll();
  }

  @Test
  void the_tenant_and_the_first_id_are_enough() throws SQLException {
    SoftAssertions softly = new SoftAssertions();
    try (Connection connection = database.connection()) {
      for (Function function : CATALOGUE) {
        String id = function.id();
        Published event =
            call(
                connection,
                "select webhooks.%s(tenant_id => '%s', %s => 'id-1')"
                    .formatted(function.name(), TENANT, id));
        softly.assertThat(event.event()).isEqualTo(function.event());
        softly.assertThat(event.resourceId()).isEqualTo("id-1");
        softly.assertThat(event.data()).isEqualTo("{\"%s\":\"id-1\"}".formatted(id));
      }
    }
    softly.assertAll();
  }

  @Test
  void a_missing_tenant_or_id_is_an_error_that_names_the_argument() throws SQLException {
    SoftAssertions softly = new SoftAssertions();
    try (Connection connection = database.connection()) {
      for (Function function : CATALOGUE) {
        String name = function.name();
        String id = function.id();
        softly
            .assertThatThrownBy(
                () -> call(connection, "select webhooks.%s(null, 'id-1')".formatted(name)))
            .hasMessageContaining("tenant_id must not be null");
        for (String nothing : new String[] {"null", "''"}) {
          softly
              .assertThatThrownBy(() ->
                  call(connection, "select webhooks.%s('%s', %s)".formatted(name, TENANT, nothing)))
              .hasMessageContaining(id + " must not be null or empty");
        }
      }
    }
    softly.assertAll();
    assertThat(database.number("select count(*) from webhooks.outbox")).isZero();
  }

  @Test
  void amounts_keep_their_own_digits() throws SQLException {
    assertThat(data("trigger_payment_received", "amount => 0.10")).endsWith("\"amount\":\"0.10\"}");
    assertThat(data("trigger_payment_received", "amount => -5")).endsWith("\"amount\":\"-5\"}");
    assertThat(data("trigger_payment_received", "amount => 12345678901234567890.123456789"))
        .endsWith("\"amount\":\"12345678901234567890.123456789\"}");
    assertThat(data("trigger_inventory_low", "quantity => 3.50, threshold => 4"))
        .endsWith("\"quantity\":3.50,\"threshold\":4}");
  }

  @Test
  void what_is_not_a_finite_number_or_time_is_an_error_that_names_the_argument() {
    assertThatThrownBy(() -> data("trigger_payment_received", "amount => 'NaN'"))
        .hasMessageContaining("amount must be a finite number");
    assertThatThrownBy(() -> data("trigger_inventory_updated", "previous_quantity => 'Infinity'"))
        .hasMessageContaining("previous_quantity must be a finite number");
    assertThatThrownBy(() -> data("trigger_invoice_created", "created_at => 'infinity'"))
        .hasMessageContaining("created_at must be a time between the years 1 and 9999");
  }

  @Test
  void a_float_is_refused_because_it_has_no_digits_of_its_own() {
    assertThatThrownBy(() -> data("trigger_payment_received", "amount => 0.1::double precision"))
        .hasMessageContaining("does not exist");
  }

  @Test
  void times_are_utc_whatever_the_session_says() throws SQLException {
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      statement.execute("set timezone = 'America/St_Johns'; set datestyle = 'ISO, DMY'");
      Published event =
          call(
              connection,
              "select webhooks.trigger_invoice_authorized('%s', 'inv-1', authorized_at => '2024-12-31T23:59:59.000001-03:30')"
                  .formatted(TENANT));
      assertThat(event.data()).endsWith("\"authorized_at\":\"2025-01-01T03:29:59.000001Z\"}");
    }
  }

  @Test
  void strings_are_escaped_and_json_stays_byte_for_byte() throws SQLException {
    assertThat(data("trigger_error_occurred", "message => E'say \"no\"\\n\\\\ ü €'"))
        .endsWith("\"message\":\"say \\\"no\\\"\\n\\\\ ü €\"}");
    assertThat(
            data(
                "trigger_customer_updated",
                "changes => '{ \"z\":null, \"a\": \"\\u0000\", \"a\":1.50 }'"))
        .endsWith("\"changes\":{ \"z\":null, \"a\": \"\\u0000\", \"a\":1.50 }}");
  }

  @Test
  void a_rollback_leaves_nothing() throws Exception {
    try (Connection connection = database.connection()) {
      connection.setAutoCommit(false);
      for (String example : examples().keySet()) {
        call(connection, example);
      }
      connection.rollback();
    }
    assertThat(database.number("select count(*) from webhooks.outbox")).isZero();
  }

  private String data(String function, String arguments) throws SQLException {
    try (Connection connection = database.connection()) {
      return call(
              connection,
              "select webhooks.%s('%s', 'id-1', %s)".formatted(function, TENANT, arguments))
          .data();
    }
  }

  private static Published call(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      UUID id;
      try (ResultSet returned = statement.executeQuery(sql)) {
        returned.next();
        id = returned.getObject(1, UUID.class);
      }
      try (ResultSet row =
          statement.executeQuery(
              "select tenant_id, event, resource_id, data::text from webhooks.outbox where id = '%s'"
                  .formatted(id))) {
        assertThat(row.next()).isTrue();
        return new Published(
            row.getObject(1, UUID.class), row.getString(2), row.getString(3), row.getString(4));
      }
    }
  }

  /** The statements of the example file with the data that the comment below each promises. */
  private static Map<String, String> examples() throws IOException {
    Map<String, String> examples = new LinkedHashMap<>();
    Pattern.compile("(?ms)^(select webhooks\\.[^;]*);\\n-- (\\{[^\\n]*\\})$")
        .matcher(Files.readString(EXAMPLES))
        .results()
        .forEach((MatchResult match) -> examples.put(match.group(1), match.group(2)));
    return examples;
  }

  private static Function called(String sql) {
    return CATALOGUE.stream()
        .filter(function -> sql.startsWith("select webhooks." + function.name() + "("))
        .findAny()
        .orElseThrow();
  }

  private record Function(String name, String event, String id) {}

  private record Published(UUID tenant, String event, String resourceId, String data) {}
}
