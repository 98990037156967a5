package io.outboxworker.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs the queries of sql/operator as the role that may only read. */
@EveryPostgres
class OperatorQueriesTest {
  private static final Path QUERIES = Path.of("../sql/operator");
  private static final String DELIVERY = "0190a5b2-7f3e-7c1a-9b2d-3f4e5a6b7c8d";

  private final TestDatabase database;

  OperatorQueriesTest(TestDatabase.Version version) {
    this.database = TestDatabase.create(version);
  }

  @BeforeEach
  void put_something_into_every_table() {
    database.exec(
        """
        insert into webhooks.subscription (id, tenant_id, url, event)
        values ('0190a5b2-0000-7000-8000-000000000002', '0190a5b2-0000-7000-8000-000000000001', 'https://shop.example/hook', '*');
        insert into webhooks.outbox (tenant_id, event, resource_id, data)
        values ('0190a5b2-0000-7000-8000-000000000001', 'a.waits', 'r-1', '{}');
        insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
        values ('0190a5b2-0000-7000-8000-000000000003', '0190a5b2-0000-7000-8000-000000000001', 'a.failed', 'a', 'r-2', '{}', now());
        insert into webhooks.delivery (event_id, subscription_id, tenant_id, attempts, lease_until, next_attempt_at)
        select '0190a5b2-0000-7000-8000-000000000003', '0190a5b2-0000-7000-8000-000000000002',
          '0190a5b2-0000-7000-8000-000000000001', attempts, lease_until, next_attempt_at
        from (values (0, null::timestamptz, null::timestamptz), (0, now() + interval '25 s', null),
          (1, now() + interval '11 s', now() + interval '1 s')) d (attempts, lease_until, next_attempt_at);
        insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, url, status, attempts,
          http_status, duration_ms, last_error, history, created_at)
        select id, '0190a5b2-0000-7000-8000-000000000003', '0190a5b2-0000-7000-8000-000000000002',
          '0190a5b2-0000-7000-8000-000000000001', 'a.failed', 'https://shop.example/hook', status, attempts, 500, 40,
          error, history, now()
        from (values
          (webhooks.uuid_v7(), 'delivered', 1, null, null),
          (webhooks.uuid_v7(), 'failed', 4, 'HTTP 500', null),
          ('%s'::uuid, 'failed', 2, 'HTTP 500',
            '[{"attempt":1,"at":"2024-07-12T08:15:00.000000Z","duration_ms":31,"http_status":503,"error":"HTTP 503","response":"busy"},
              {"attempt":2,"at":"2024-07-12T08:15:01.000000Z","duration_ms":40,"http_status":500,"error":"HTTP 500","response":"oops"}]'::json)
        ) l (id, status, attempts, error, history)
        """
            .formatted(DELIVERY));
  }

  @AfterEach
  void drop() {
    database.close();
  }

  @Test
  void waiting_shows_events_and_the_three_states_of_deliveries() throws Exception {
    List<String> rows = run("waiting.sql");
    assertThat(rows).hasSize(5);
    assertThat(rows.get(0)).startsWith("0190a5b2-0000-7000-8000-000000000001|1|");
    assertThat(rows.get(1)).startsWith("in flight|1|1|");
    assertThat(rows.get(2)).startsWith("parked|1|1|");
    assertThat(rows.get(3)).startsWith("waiting for a retry|1|1|");
    assertThat(rows.get(4)).contains("|https://shop.example/hook|t|3|");
  }

  @Test
  void failed_groups_by_subscription_and_reason() throws Exception {
    List<String> rows = run("failed.sql");
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0)).contains("|https://shop.example/hook|HTTP 500|1|");
    assertThat(rows.get(1)).contains("|a.failed|https://shop.example/hook|4|500|HTTP 500|");
  }

  @Test
  void a_delivery_is_shown_with_its_attempts() throws Exception {
    List<String> rows = run("delivery.sql");
    assertThat(rows).hasSize(3);
    assertThat(rows.get(0)).startsWith(DELIVERY + "|failed|2|HTTP 500|");
    assertThat(rows.get(0)).contains("|https://shop.example/hook|", "|a.failed|r-2|");
    assertThat(rows.get(1)).isEqualTo("1|2024-07-12T08:15:00.000000Z|31|503|HTTP 503|busy");
    assertThat(rows.get(2)).isEqualTo("2|2024-07-12T08:15:01.000000Z|40|500|HTTP 500|oops");
  }

  @Test
  void the_busiest_subscriptions_come_with_their_counts() throws Exception {
    assertThat(run("busiest.sql"))
        .singleElement()
        .asString()
        .contains("|https://shop.example/hook|*|2|5|1|40|40|");
  }

  @Test
  void the_session_that_holds_a_snapshot_is_found() throws Exception {
    try (Connection holder = database.connection();
        Statement statement = holder.createStatement()) {
      statement.execute("set application_name = 'nightly report'; set role webhooks_reader");
      statement.execute("begin isolation level repeatable read; select 1");
      assertThat(run("snapshots.sql", TestDatabase.SUPERUSER))
          .anyMatch(row -> row.contains("|nightly report|"));
      assertThat(run("snapshots.sql", "webhooks_reader"))
          .anyMatch(row -> row.startsWith("delivery|"));
    }
  }

  @Test
  void why_an_event_does_not_come_is_told_by_subscriptions_event_and_deliveries() throws Exception {
    database.exec(
        """
        insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
        values (webhooks.uuid_v7(), '0190a5b2-0000-7000-8000-000000000001', 'a.failed', 'a', 'r-3', '{}', now())
        """);
    List<String> rows = run("why.sql");
    assertThat(rows.get(0)).contains("|https://shop.example/hook|*|yes|t|");
    assertThat(rows.get(1)).startsWith("in the outbox|0|");
    assertThat(rows.get(2)).startsWith("fanned out|1|");
    assertThat(rows.subList(3, rows.size())).hasSize(2);
    assertThat(rows.get(3)).contains("|failed|4|HTTP 500|");
  }

  @Test
  void slow_endpoints_come_with_what_waits_for_them() throws Exception {
    assertThat(run("slow.sql"))
        .singleElement()
        .asString()
        .endsWith("|https://shop.example/hook|2|40|40|0|3|3");
  }

  @Test
  void what_is_stuck_is_found_and_nothing_else() throws Exception {
    assertThat(run("stuck.sql")).hasSize(3);
    database.exec(
        """
        update webhooks.delivery set lease_until = now() - interval '5 min', claims = 2 where attempts = 1;
        update webhooks.delivery set claims = 3 where attempts = 1;
        insert into webhooks.scheduled_tasks (task_name, task_instance, execution_time, picked, version)
        values ('retry', 'x:1', now() - interval '5 min', false, 1)
        """);
    List<String> rows = run("stuck.sql");
    assertThat(rows).hasSize(6);
    assertThat(rows.get(0)).contains("|1|3|");
    assertThat(rows.get(1)).startsWith("x:1|");
    assertThat(rows.get(2)).contains("|1|3|");
  }

  @Test
  void sizes_add_up_partitions_and_show_what_lies_outside_of_them() throws Exception {
    List<String> rows = run("sizes.sql");
    assertThat(rows).anyMatch(row -> row.startsWith("delivery_log|5|"));
    assertThat(rows).anyMatch(row -> row.matches("event_log_20[0-9]{6}\\|.*"));
    assertThat(rows.get(rows.size() - 2)).startsWith("event_log_default|").endsWith("|1");
  }

  @Test
  void what_a_replay_would_send_is_counted_by_subscription_and_hour() throws Exception {
    assertThat(run("replay.sql"))
        .singleElement()
        .asString()
        .contains("|https://shop.example/hook|t|")
        .endsWith("|2|0|0");
  }

  @Test
  void every_query_says_when_to_use_it_and_how() throws IOException {
    try (Stream<Path> files = Files.list(QUERIES)) {
      assertThat(files)
          .hasSize(10)
          .allSatisfy(file -> {
            String text = Files.readString(file);
            assertThat(text).as(file.toString()).startsWith("-- When ");
            assertThat(text)
                .containsPattern(
                    "-- psql \"\\$OUTBOX_DATABASE_URL\" (-v \\S+ (\\S+ )?)*-f sql/operator/"
                        + file.getFileName());
          });
    }
  }

  private List<String> run(String file) throws Exception {
    return run(file, "webhooks_reader");
  }

  /** The rows of all answers, columns separated by a bar. */
  private List<String> run(String file, String role) throws Exception {
    String sql =
        Files.readString(QUERIES.resolve(file))
            .replace(":'delivery'", quoted(DELIVERY))
            .replace(":'tenant'", quoted("0190a5b2-0000-7000-8000-000000000001"))
            .replace(":'event'", quoted("a.failed"))
            .replace(":'since'", quoted("2020-01-01 00:00Z"));
    List<String> rows = new ArrayList<>();
    try (Connection connection = database.connection();
        Statement statement = connection.createStatement()) {
      statement.execute("set role " + role);
      for (boolean more = statement.execute(sql); more; more = statement.getMoreResults()) {
        try (ResultSet answer = statement.getResultSet()) {
          add(rows, answer);
        }
      }
    }
    return rows;
  }

  private static String quoted(String id) {
    return "'" + id + "'";
  }

  private static void add(List<String> rows, ResultSet answer) throws SQLException {
    while (answer.next()) {
      List<String> columns = new ArrayList<>();
      for (int i = 1; i <= answer.getMetaData().getColumnCount(); i++) {
        String value = answer.getString(i);
        columns.add(value == null ? "" : value);
      }
      rows.add(String.join("|", columns));
    }
  }
}
