package io.outboxworker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.testing.Cli;
import io.outboxworker.testing.Cli.Ran;
import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DoctorCommandTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(20);

  @Test
  void a_healthy_installation_is_called_so() throws Exception {
    workers.start();
    Ran ran = doctor();
    assertThat(ran.out()).doesNotContain("PROBLEM");
    assertThat(ran.exitCode()).as(ran.out()).isZero();
    assertThat(ran.out())
        .contains("ok      main: database: PostgreSQL 18 answers")
        .contains("main: keys: OUTBOX_KEYS opens the stored secrets")
        .contains("main: partitions: event_log: ");
    var json = new ObjectMapper().readTree(doctor("--json").out());
    assertThat(json.path("items").path(0).path("database").asText()).isEqualTo("main");
    assertThat(json.findValuesAsText("level")).containsOnly("ok");
  }

  @Test
  void events_that_nobody_takes_are_a_problem() {
    shop.publish("invoice.sent", "{}");
    shop.database().exec("update webhooks.outbox set occurred_at = now() - interval '3 min'");
    Ran ran = doctor();
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out())
        .contains("PROBLEM main: workers: no worker is connected")
        .contains("PROBLEM main: outbox: 1 events wait, the oldest for 18")
        .contains("-> start one: outbox work");
  }

  @Test
  void what_is_missing_of_the_schema_is_a_problem() {
    try (var empty = TestDatabase.createEmpty(TestDatabase.Version.NEWEST)) {
      Ran ran = Cli.run(with("OUTBOX_DATABASE_URL", empty.jdbcUrl()), "doctor");
      assertThat(ran.exitCode()).isEqualTo(1);
      assertThat(ran.out()).contains("has version none").contains("-> outbox migrate");
    }
  }

  @Test
  void a_database_that_is_away_does_not_hide_what_another_has() {
    Map<String, String> several =
        with(
            "OUTBOX_DATABASES",
            "north=postgresql://postgres@127.0.0.1:1/none,south=" + shop.database().psqlUrl());
    several.remove("OUTBOX_DATABASE_URL");
    Ran ran = Cli.run(several, "doctor");
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out())
        .contains("PROBLEM north: database: does not answer")
        .contains("ok      south: database: PostgreSQL 18");
    assertThat(Cli.run(several, "doctor", "--database", "west").exitCode()).isEqualTo(64);
  }

  @Test
  void partitions_that_nobody_makes_and_rows_outside_of_any_are_problems() {
    for (String partition :
        shop.database()
            .texts(
                "select relid::text from pg_partition_tree('webhooks.event_log') where isleaf and"
                    + " relid::text !~ 'default'")) {
      shop.database().exec("drop table " + partition);
    }
    shop.database()
        .exec(
            """
            insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
            values (webhooks.uuid_v7(), gen_random_uuid(), 'a.b', 'a', 'r', '{}', now())
            """);
    assertThat(doctor().out())
        .contains("PROBLEM main: partitions: event_log has no partition for today or tomorrow")
        .contains("PROBLEM main: partitions: 1 rows of event_log lie in the default partition");
  }

  @Test
  void endpoints_that_fail_and_indexes_that_are_broken_are_problems() {
    shop.subscribe("invoice.sent", receiver.url("/hook"));
    shop.database().exec("update webhooks.subscription set failing_since = now() - interval '1 h'");
    shop.database()
        .exec(
            "update pg_index set indisvalid = false where indexrelid ="
                + " 'webhooks.delivery_ordered'::regclass");
    assertThat(doctor().out())
        .containsPattern("PROBLEM main: subscriptions: .* has failed since")
        .contains("PROBLEM main: schema: the index webhooks.delivery_ordered is not valid");
  }

  @Test
  void nobody_subscribed() {
    assertThat(missing("invoice.sent")).contains("the tenant has no subscription at all");
    shop.subscribe("invoice.created", receiver.url("/hook"));
    assertThat(missing("invoice.sent"))
        .contains("none of the tenant's 1 subscriptions wants invoice.sent");
  }

  @Test
  void the_names_differ_in_case() {
    shop.subscribe("Invoice.Sent", receiver.url("/hook"));
    shop.database()
        .exec(
            """
            insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
            values (webhooks.uuid_v7(), '%s', 'invoice.SENT', 'a', 'r', '{}', now())
            """
                .formatted(shop.tenant()));
    assertThat(missing("invoice.sent"))
        .contains("wants \"Invoice.Sent\": names are compared byte for byte")
        .contains("the producer inserts \"invoice.SENT\", not \"invoice.sent\"");
  }

  @Test
  void the_subscription_is_inactive() {
    var id = shop.subscribe("invoice.*", receiver.url("/hook"));
    shop.subscriptions().setActive(shop.tenant(), id, false);
    assertThat(missing("invoice.sent")).contains(id + " wants invoice.* and is inactive (paused)");
  }

  @Test
  void the_url_is_refused() {
    shop.subscribe("*", receiver.url("/hook"));
    Ran ran =
        Cli.run(
            with("OUTBOX_ALLOW_HTTP", "false"),
            "doctor",
            "--tenant",
            shop.tenant().toString(),
            "--event",
            "invoice.sent");
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).contains("is refused: ").contains("OUTBOX_ALLOW_HTTP");
  }

  @Test
  void the_event_was_never_committed_or_waits_for_a_worker() {
    shop.subscribe("*", receiver.url("/hook"));
    assertThat(missing("invoice.sent")).contains("event: none was committed within a day");
    shop.publish("invoice.sent", "{}");
    assertThat(missing("invoice.sent")).contains("1 are committed and still in the outbox");
  }

  @Test
  void the_endpoint_fails() {
    receiver.behave("/hook", (post, number) -> 500);
    var id = shop.subscribe("*", receiver.url("/hook"));
    workers.start("OUTBOX_RETRY_DELAYS", "10ms");
    shop.publish("invoice.sent", "{}");
    await().atMost(SOON).until(shop::isDone);
    assertThat(missing("invoice.sent"))
        .contains("the last one of " + id + " failed at ")
        .contains("HTTP 500");
  }

  @Test
  void what_is_well_is_no_problem() {
    shop.subscribe("*", receiver.url("/hook"));
    workers.start();
    shop.publish("invoice.sent", "{}");
    await().atMost(SOON).until(shop::isDone);
    Ran ran = doctor("--tenant", shop.tenant().toString(), "--event", "invoice.sent");
    assertThat(ran.exitCode()).as(ran.out()).isZero();
    assertThat(ran.out()).contains("was delivered at ");
  }

  @Test
  void what_is_no_name_and_half_a_question_are_told() {
    assertThat(missing("invoice")).contains("\"invoice\" can't be the name of an event");
    assertThat(doctor("--tenant", shop.tenant().toString()).exitCode()).isEqualTo(64);
  }

  private String missing(String event) {
    Ran ran = doctor("--tenant", shop.tenant().toString(), "--event", event);
    assertThat(ran.exitCode()).as(ran.out() + ran.err()).isEqualTo(1);
    return ran.out();
  }

  private Ran doctor(String... options) {
    var arguments = new ArrayList<>(List.of("doctor"));
    arguments.addAll(List.of(options));
    return Cli.run(shop.environment(), arguments.toArray(String[]::new));
  }

  private Map<String, String> with(String name, String value) {
    var environment = new HashMap<>(shop.environment());
    environment.put(name, value);
    return environment;
  }
}
