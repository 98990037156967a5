package io.outboxworker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.testing.Cli;
import io.outboxworker.testing.Cli.Ran;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.Workers;
import io.outboxworker.webhook.Signer;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandsTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Shop shop = new Shop();
  private final TestReceiver receiver = new TestReceiver();

  @BeforeEach
  void answer() {
    receiver.behave("/ok", (post, number) -> 200);
    receiver.behave("/410", (post, number) -> 410);
  }

  @AfterEach
  void close() {
    receiver.close();
    shop.close();
  }

  @Test
  void a_token_is_printed_alone_and_stored_as_a_hash() {
    var ran = run("token create --tenant %s --name ci --expires 90d");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out()).matches("whk_[A-Za-z0-9_-]{43}\\n");
    assertThat(ran.err()).isEmpty();
    assertThat(shop.database().text("select name from webhooks.api_token")).isEqualTo("ci");
    assertThat(
            shop.database()
                .number(
                    "select round(extract(epoch from expires_at - now()) / 86400) from"
                        + " webhooks.api_token"))
        .isEqualTo(90);
  }

  @Test
  void tokens_are_listed_without_themselves_and_revoked_by_id() throws IOException {
    var token = run("token create --tenant %s").line();
    var listed = run("token list --tenant %s --json");
    assertThat(listed.out()).doesNotContain(token);
    var item = JSON.readTree(listed.out()).get("items").get(0);
    assertThat(item.fieldNames())
        .toIterable()
        .containsExactly("id", "name", "created_at", "expires_at", "last_used_at", "revoked_at");
    var id = item.get("id").asText();
    assertThat(run("token list --tenant %s").out()).startsWith("ID ").contains(id);

    assertThat(run("token revoke " + id)).isEqualTo(new Ran(0, "", "revoked\n"));
    var again = run("token revoke " + id);
    assertThat(again.exitCode()).isEqualTo(1);
    assertThat(again.err()).contains("there is no token " + id);
  }

  @Test
  void a_subscription_with_its_own_secret_prints_its_id_alone() {
    var ran =
        run(
            "subscription add --tenant %s --event invoice.* --url "
                + receiver.url("/ok")
                + " --secret "
                + "s".repeat(16));
    assertThat(ran.err()).isEmpty();
    assertThat(ran.exitCode()).isZero();
    assertThat(UUID.fromString(ran.line())).isNotNull();
    assertThat(ran.out()).hasLineCount(1);
  }

  @Test
  void a_subscription_without_one_prints_the_secret_it_made() {
    var lines =
        run("subscription add --tenant %s --event invoice.created --url " + receiver.url("/ok"))
            .out()
            .lines()
            .toList();
    assertThat(lines).hasSize(2);
    var secret = lines.get(1).replaceFirst("^secret: (whsec_.+)$", "$1");
    var stored =
        shop.subscriptions().find(shop.tenant(), UUID.fromString(lines.getFirst())).orElseThrow();
    assertThat(stored.secret()).extracting(Signer::text).isEqualTo(secret);
  }

  @Test
  void everything_wrong_with_a_subscription_is_told_at_once() {
    var ran = run("subscription add --tenant %s --event in*voice --url ftp://x --secret short");
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).contains("event \"in*voice\"").contains("secret has 5 bytes");
    assertThat(ran.err().lines())
        .hasSizeGreaterThanOrEqualTo(3)
        .allMatch(l -> l.startsWith("outbox: "));
    assertThat(shop.database().number("select count(*) from webhooks.subscription")).isZero();
  }

  @Test
  void subscriptions_are_shown_with_the_fields_of_the_api_and_no_secret() throws IOException {
    var id = shop.subscribe("invoice.created", receiver.url("/ok"));
    var listed = run("subscription list --tenant %s --json");
    var item = JSON.readTree(listed.out()).get("items").get(0);
    assertThat(item.fieldNames())
        .toIterable()
        .containsExactly(
            "id",
            "url",
            "event",
            "active",
            "description",
            "headers",
            "retry_delays",
            "timeout",
            "max_in_flight",
            "max_per_second",
            "ordered",
            "signature",
            "disabled_reason",
            "disabled_at",
            "created_at",
            "updated_at",
            "previous_secret_until");
    assertThat(item.get("created_at").asText()).matches("\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{6}Z");
    assertThat(item.get("headers").isObject()).isTrue();
    assertThat(JSON.readTree(run("subscription show --tenant %s " + id).out())).isEqualTo(item);
    assertThat(run("subscription list --tenant %s").out())
        .contains(id.toString())
        .contains("active")
        .doesNotContain(Shop.SECRET);
    assertThat(run("subscription list --json --tenant " + UUID.randomUUID()).out())
        .isEqualTo("{\"items\":[]}\n");
  }

  @Test
  void a_subscription_is_paused_resumed_and_removed() {
    var id = shop.subscribe("invoice.created", receiver.url("/ok"));
    assertThat(run("subscription pause --tenant %s " + id)).isEqualTo(new Ran(0, "", "paused\n"));
    assertThat(shop.subscriptions().find(shop.tenant(), id).orElseThrow().active()).isFalse();
    assertThat(run("subscription list --tenant %s").out()).contains("paused");
    assertThat(run("subscription resume --tenant %s " + id).exitCode()).isZero();
    assertThat(shop.subscriptions().find(shop.tenant(), id).orElseThrow().active()).isTrue();
    assertThat(run("subscription remove --tenant %s " + id)).isEqualTo(new Ran(0, "", "removed\n"));
    assertThat(shop.subscriptions().find(shop.tenant(), id)).isEmpty();
  }

  @Test
  void a_rotated_secret_leaves_the_old_one_for_its_overlap() {
    var id = shop.subscribe("invoice.created", receiver.url("/ok"));
    var ran = run("subscription rotate --tenant %s --overlap 2h " + id);
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out()).matches("secret: whsec_.+\\n");
    var rotated = shop.subscriptions().find(shop.tenant(), id).orElseThrow();
    assertThat(rotated.secret()).extracting(Signer::text).isEqualTo(ran.line().substring(8));
    var previous = rotated.previousSecret();
    assertThat(previous).isNotNull();
    assertThat(
            shop.database()
                .number(
                    "select round(extract(epoch from previous_secret_until - now()) / 60) from"
                        + " webhooks.subscription"))
        .isEqualTo(120);
  }

  @ParameterizedTest
  @CsvSource({"show", "pause", "resume", "rotate", "test", "remove"})
  void another_tenants_subscription_is_as_good_as_none(String command) {
    var foreign = shop.subscribe(UUID.randomUUID(), "invoice.created", receiver.url("/ok"));
    var ran = run("subscription " + command + " --tenant %s " + foreign);
    assertThat(ran)
        .isEqualTo(new Ran(1, "", "outbox: this tenant has no subscription " + foreign + "\n"));
    assertThat(shop.database().text("select active::text from webhooks.subscription"))
        .isEqualTo("true");
  }

  @Test
  void a_test_post_is_signed_and_leaves_no_delivery() {
    var id = shop.subscribe("invoice.*", receiver.url("/ok"));
    var ran = run("subscription test --tenant %s --json " + id);
    assertThat(ran.err()).isEmpty();
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out()).startsWith("{\"delivered\":true,\"http_status\":200,\"duration_ms\":");
    assertThat(receiver.received()).hasSize(1);
    assertThat(shop.isDone()).isTrue();
    assertThat(shop.database().number("select count(*) from webhooks.delivery_log")).isZero();
  }

  @Test
  void a_test_post_that_fails_ends_with_1_and_tells_what_was_seen() {
    var id = shop.subscribe("*", "http://127.0.0.1:1/");
    var ran = run("subscription test --tenant %s " + id);
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).containsPattern("delivered +false").containsPattern("error +\\w+");
  }

  @Test
  void an_event_is_published_and_its_id_printed() {
    var ran =
        run(
            "event publish --tenant %s --event invoice.created --resource-id inv-1 --data"
                + " {\"b\":1.50,\"a\":2}");
    assertThat(ran.err()).isEmpty();
    assertThat(ran.exitCode()).isZero();
    assertThat(
            shop.row(
                "select id::text, event, resource_type, resource_id, data::text from"
                    + " webhooks.outbox"))
        .containsExactly(ran.line(), "invoice.created", null, "inv-1", "{\"b\":1.50,\"a\":2}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "invoice | {}   | event must be a dotted name",
        "a.b     | [1]  | data must be a json object",
        "a.b     | {    | data must be a JSON object, this is not JSON",
      })
  void an_event_that_the_outbox_refuses_is_told_in_its_words(
      String event, String data, String why) {
    var ran = run("event publish --tenant %s --event " + event + " --data " + data);
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).contains(why);
  }

  @Test
  void deliveries_are_printed_as_items_of_the_api() throws IOException {
    shop.subscribe("invoice.created", receiver.url("/ok"));
    var gone = shop.subscribe("invoice.created", receiver.url("/410"));
    deliver("invoice.created");

    var items = items("deliveries --tenant %s --json");
    assertThat(items).hasSize(2);
    assertThat(items.get(0).fieldNames())
        .toIterable()
        .containsExactly(
            "id",
            "event_id",
            "event",
            "subscription_id",
            "url",
            "status",
            "attempts",
            "http_status",
            "duration_ms",
            "last_error",
            "created_at",
            "finished_at",
            "next_attempt_at");
    var failed = items("deliveries --tenant %s --status failed --json");
    assertThat(failed).hasSize(1);
    assertThat(failed.get(0).get("subscription_id").asText()).isEqualTo(gone.toString());
    assertThat(failed.get(0).get("attempts").isInt()).isTrue();
    assertThat(failed.get(0).get("http_status").asInt()).isEqualTo(410);
    assertThat(items("deliveries --tenant %s --status delivered --since 1h --json")).hasSize(1);
    assertThat(items("deliveries --tenant %s --since 2999-01-01T00:00:00Z --json")).isEmpty();
    assertThat(items("deliveries --tenant %s --limit 1 --json")).hasSize(1);
    assertThat(run("deliveries --tenant %s").out())
        .containsPattern("delivered +invoice.created +1 +200")
        .containsPattern("failed +invoice.created +1 +410");
  }

  @Test
  void a_log_of_several_pages_is_printed_whole() throws IOException {
    shop.database()
        .exec(
            """
            insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, url, status, attempts,
              created_at)
            select webhooks.uuid_v7(), webhooks.uuid_v7(), gen_random_uuid(), '%s', 'a.b', 'https://x', 'delivered', 1,
              now() from generate_series(1, 2500)\
            """
                .formatted(shop.tenant()));
    var items = items("deliveries --tenant %s --json");
    assertThat(items.findValuesAsText("id")).hasSize(2500).doesNotHaveDuplicates();
    assertThat(run("deliveries --tenant %s").out()).hasLineCount(101);
    assertThat(run("deliveries --tenant %s").err()).startsWith("the newest 100");
  }

  @Test
  void a_replay_sends_what_failed_and_only_once() throws IOException {
    var id = shop.subscribe("invoice.created", receiver.url("/410"));
    var event = deliver("invoice.created");
    shop.database()
        .exec(
            "update webhooks.subscription set url = '%s', active = true, disabled_at = null"
                .formatted(receiver.url("/ok")));

    assertThat(run("replay --tenant %s --since 1h --dry-run --event nothing.*").line())
        .isEqualTo("0");
    assertThat(run("replay --tenant %s --since 1h --dry-run --event nothing").exitCode())
        .isEqualTo(64);
    var dry = run("replay --tenant %s --since 1h --dry-run");
    assertThat(dry).isEqualTo(new Ran(0, "1\n", ""));
    assertThat(shop.isDone()).isTrue();
    assertThat(run("replay --tenant %s --since 1h --status delivered").line()).isEqualTo("0");
    assertThat(run("replay --tenant %s --since 1h --subscription " + id))
        .isEqualTo(new Ran(0, "1\n", ""));
    assertThat(run("replay --tenant %s --since 1h").line()).isEqualTo("0");

    try (var workers = new Workers(shop)) {
      workers.start();
      await().until(shop::isDone);
    }
    var delivered = items("deliveries --tenant %s --status delivered --json");
    assertThat(delivered).hasSize(1);
    assertThat(delivered.get(0).get("event_id").asText()).isEqualTo(event.toString());
  }

  @Test
  void a_replay_of_thousands_goes_on_as_fast_as_workers_deliver() {
    var id = shop.subscribe("a.b", receiver.url("/ok"));
    shop.database()
        .exec(
            """
            with logged as (
              insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
              select webhooks.uuid_v7(), '%s', 'a.b', 'a', 'r', '{}', now() from generate_series(1, 2500) returning id)
            insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, url, status, attempts,
              created_at)
            select webhooks.uuid_v7(), id, '%s', '%s', 'a.b', 'https://x', 'failed', 4, now() from logged\
            """
                .formatted(shop.tenant(), id, shop.tenant()));
    var alone = run("replay --tenant %s --since 1d");
    assertThat(alone.exitCode()).isZero();
    assertThat(alone.line()).isEqualTo("2500");
    assertThat(alone.err()).contains("no worker delivers them right now");
    assertThat(shop.database().number("select count(*) from webhooks.delivery"))
        .isBetween(1L, 500L);

    try (var workers = new Workers(shop)) {
      workers.start();
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() ->
              shop.isDone()
                  && shop.database().text("select finished_at from webhooks.replay") != null);
    }
    assertThat(
            shop.row(
                "select count(distinct replay_of), count(replay_of), max(replayed) from"
                    + " webhooks.delivery_log, webhooks.replay where delivery_log.status ="
                    + " 'delivered'"))
        .containsExactly("2500", "2500", "2500");
  }

  @Test
  void an_erased_resource_leaves_its_deliveries_without_what_they_said() {
    shop.subscribe("invoice.created", receiver.url("/ok"));
    deliver("invoice.created");
    assertThat(run("erase --tenant %s --resource-id r-2").line()).isEqualTo("0");
    assertThat(run("erase --tenant %s --resource-id r-1 --resource-type invoice"))
        .isEqualTo(new Ran(0, "1\n", ""));
    assertThat(shop.row("select data::text, erased_at is not null from webhooks.event_log"))
        .containsExactly("{}", "t");
    shop.publish("invoice.created", "{}");
    var waiting = run("erase --tenant %s --resource-id r-1");
    assertThat(waiting.exitCode()).isEqualTo(1);
    assertThat(waiting.err()).contains("1 events are still being delivered");
  }

  @Test
  void a_replay_of_a_subscription_that_is_not_active_is_refused() {
    var id = shop.subscribe("a.b", receiver.url("/ok"));
    shop.subscriptions().setActive(shop.tenant(), id, false);
    var ran = run("replay --tenant %s --since 1d --subscription " + id);
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err()).contains("is not active; resume it first");
    var unknown = run("replay --tenant %s --since 1d --subscription " + UUID.randomUUID());
    assertThat(unknown.exitCode()).isEqualTo(1);
    assertThat(unknown.err()).contains("this tenant has no subscription");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "token create",
        "token create --tenant x",
        "token create --tenant %s --expires 90",
        "token revoke x",
        "subscription add --tenant %s --event a.b",
        "subscription pause --tenant %s",
        "subscription test --tenant %s nonsense",
        "deliveries --tenant %s --status lost",
        "deliveries --tenant %s --since yesterday",
        "deliveries --tenant %s --limit 0",
        "deliveries --tenant %s --database other",
        "replay --tenant %s",
        "replay --tenant %s --since 1h --status pending",
        "event publish --tenant %s",
        "listen --secret aaaaaaaaaaaaaaaa",
        "listen --port 70000 --secret aaaaaaaaaaaaaaaa",
        "listen --port 0 --secret short",
      })
  void a_command_line_that_makes_no_sense_is_a_usage_error(String command) {
    var ran = run(command);
    assertThat(ran.exitCode()).isEqualTo(64);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).isNotEmpty().doesNotContain("Exception");
  }

  @Test
  void what_needs_keys_says_so_and_what_does_not_works_without() {
    var environment = new HashMap<>(shop.environment());
    environment.remove("OUTBOX_KEYS");
    var tenant = shop.tenant().toString();
    assertThat(Cli.run(environment, "subscription", "list", "--tenant", tenant).exitCode())
        .isEqualTo(78);
    assertThat(Cli.run(environment, "deliveries", "--tenant", tenant).exitCode()).isZero();
    assertThat(Cli.run(environment, "token", "list", "--tenant", tenant).exitCode()).isZero();
  }

  @Test
  void one_of_several_databases_is_chosen_by_name() {
    var environment = new HashMap<>(shop.environment());
    var url = environment.remove("OUTBOX_DATABASE_URL");
    environment.put("OUTBOX_DATABASES", "eu=" + url + ",us=" + url);
    var tenant = shop.tenant().toString();
    var without = Cli.run(environment, "token", "list", "--tenant", tenant);
    assertThat(without.exitCode()).isEqualTo(64);
    assertThat(without.err()).contains("--database must be one of eu, us");
    assertThat(
            Cli.run(environment, "token", "list", "--tenant", tenant, "--database", "us")
                .exitCode())
        .isZero();
  }

  @Test
  void a_database_that_is_away_ends_with_69_and_one_without_the_schema_says_so() {
    var environment = Map.of("OUTBOX_DATABASE_URL", "postgresql://127.0.0.1:1/none");
    var away = Cli.run(environment, "deliveries", "--tenant", shop.tenant().toString());
    assertThat(away.exitCode()).isEqualTo(69);
    assertThat(away.out()).isEmpty();
    shop.database().exec("drop schema webhooks cascade");
    var empty = run("deliveries --tenant %s");
    assertThat(empty.exitCode()).isEqualTo(1);
    assertThat(empty.err()).contains("has `outbox migrate` been run");
  }

  private UUID deliver(String event) {
    var id = shop.publish(event, "{}");
    try (var workers = new Workers(shop)) {
      workers.start();
      await().until(shop::isDone);
    }
    return id;
  }

  private JsonNode items(String command) throws IOException {
    return JSON.readTree(run(command).out()).get("items");
  }

  private Ran run(String command) {
    return Cli.run(
        shop.environment(),
        command.replace("%s", shop.tenant().toString()).strip().split(" +", -1));
  }
}
