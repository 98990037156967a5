package io.outboxworker;

import static io.outboxworker.testing.Cli.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.subscription.KeyRing;
import io.outboxworker.testing.Cli.Ran;
import io.outboxworker.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {

  private static final Map<String, String> ENOUGH =
      Map.of(
          "OUTBOX_DATABASE_URL",
          "postgresql://shop:hunter2@db/orders",
          "OUTBOX_KEYS",
          KeyRing.generate());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "check",
        "migrate",
        "work",
        "token",
        "token create",
        "token list",
        "token revoke",
        "subscription",
        "subscription add",
        "subscription list",
        "subscription show",
        "subscription pause",
        "subscription resume",
        "subscription rotate",
        "subscription test",
        "subscription remove",
        "deliveries",
        "replay",
        "event",
        "event publish",
        "listen",
        "verify",
        "keys",
        "keys generate",
        "generate-completion"
      })
  void every_command_explains_itself_on_stdout(String command) {
    var ran = run(Map.of(), (command + " --help").strip().split(" ", -1));
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).contains("Usage: " + ("outbox " + command).strip());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "check",
        "migrate",
        "work",
        "token",
        "token create",
        "token list",
        "token revoke",
        "subscription",
        "subscription add",
        "subscription list",
        "subscription show",
        "subscription pause",
        "subscription resume",
        "subscription rotate",
        "subscription test",
        "subscription remove",
        "deliveries",
        "replay",
        "event",
        "event publish",
        "listen",
        "verify",
        "keys",
        "keys generate",
        "generate-completion"
      })
  void every_command_knows_the_version(String command) {
    var ran = run(Map.of(), (command + " --version").strip().split(" ", -1));
    assertThat(ran).isEqualTo(new Ran(0, "outbox-worker " + Version.current() + "\n", ""));
    assertThat(Version.current()).matches("\\d+\\.\\d+\\.\\d+.*");
  }

  @Test
  void a_bare_call_shows_the_usage_on_stderr() {
    var ran = run(Map.of());
    assertThat(ran.exitCode()).isEqualTo(64);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).contains("Usage: outbox").contains("check").contains("78");
  }

  @Test
  void a_mistyped_command_is_a_usage_error_with_a_suggestion() {
    var ran = run(Map.of(), "chekc");
    assertThat(ran.exitCode()).isEqualTo(64);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).contains("outbox: Unmatched argument").contains("outbox check");
  }

  @ParameterizedTest
  @ValueSource(strings = {"check --jsn", "keys generate now", "keys"})
  void what_is_not_understood_is_a_usage_error(String command) {
    var ran = run(ENOUGH, command.split(" ", -1));
    assertThat(ran.exitCode()).isEqualTo(64);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).isNotEmpty();
  }

  @Test
  void check_prints_what_is_in_effect_without_secrets() {
    var ran = run(ENOUGH, "check");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out())
        .containsPattern("OUTBOX_DATABASE_URL +postgresql://\\*\\*\\*@db/orders +environment")
        .containsPattern("OUTBOX_KEYS +\\*\\*\\* +environment")
        .containsPattern("OUTBOX_RETRY_DELAYS +1s,2s,4s +default")
        .containsPattern("OUTBOX_ADMIN_PORT +- +default")
        .doesNotContain("hunter2");
  }

  @Test
  void the_readme_tells_of_every_setting_that_check_prints() throws Exception {
    String readme = Files.readString(Path.of("..", "README.md"));
    List<String> names =
        run(ENOUGH, "check").out().lines().map(line -> line.split(" ", 2)[0]).toList();
    assertThat(names).contains("OUTBOX_DATABASE_URL", "OUTBOX_LOG_LEVEL");
    assertThat(names).allSatisfy(name -> assertThat(readme).contains('`' + name + '`'));
  }

  @Test
  void check_prints_json() {
    var ran = run(ENOUGH, "check", "--json");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out())
        .startsWith("{")
        .containsPattern("\"name\" : \"OUTBOX_HTTP_PORT\",\\s+\"value\" : \"8000\",\\s+\"origin\"")
        .doesNotContain("hunter2");
  }

  @Test
  void check_tells_every_fault_at_once() {
    var ran = run(Map.of("OUTBOX_HTTP_PORT", "x", "OUTBOX_RETENTION", "30"), "check");
    assertThat(ran.exitCode()).isEqualTo(78);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err().lines())
        .hasSize(5)
        .first()
        .isEqualTo("outbox: 4 faults in the configuration:");
    assertThat(ran.err())
        .contains("OUTBOX_DATABASE_URL is required")
        .contains("OUTBOX_KEYS is required")
        .contains("OUTBOX_HTTP_PORT=x is not a whole number")
        .contains("OUTBOX_RETENTION=30 has no unit");
  }

  @Test
  void check_warns_on_stderr() {
    var ran = run(with("OUTBOX_SHUTDOWN_TIMEOUT", "2s"), "check");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).startsWith("warning: OUTBOX_SHUTDOWN_TIMEOUT=2s ends before");
  }

  @Test
  void generated_keys_are_a_usable_configuration() {
    var ran = run(Map.of(), "keys", "generate");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(KeyRing.parse(ran.out().strip()).ids()).isEqualTo(List.of(1));
  }

  @Test
  void the_completion_script_knows_the_commands() {
    var ran = run(Map.of(), "generate-completion");
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out()).contains("complete -F").contains("check").contains("keys");
  }

  @Test
  void migrate_brings_an_empty_database_to_this_version_and_needs_no_keys() {
    try (var database = TestDatabase.createEmpty(TestDatabase.Version.NEWEST)) {
      var environment = Map.of("OUTBOX_DATABASE_URL", database.psqlUrl());
      var first = run(environment, "migrate");
      assertThat(first.err()).isEmpty();
      assertThat(first.exitCode()).isZero();
      assertThat(first.out()).matches("main: [1-9]\\d* migrations applied\n");
      assertThat(run(environment, "migrate")).isEqualTo(new Ran(0, "main: up to date\n", ""));
      assertThat(database.number("select count(*) from webhooks.outbox")).isZero();
    }
  }

  @Test
  void a_login_that_is_refused_is_a_database_that_is_not_reachable() {
    try (var database = TestDatabase.create()) {
      var url = database.psqlUrl().replace("/test_", "/absent_");
      var ran = run(Map.of("OUTBOX_DATABASE_URL", url), "migrate");
      assertThat(ran.exitCode()).isEqualTo(69);
      assertThat(ran.out()).isEmpty();
      assertThat(ran.err()).startsWith("outbox: ").contains("absent_").hasLineCount(1);
    }
  }

  private static Map<String, String> with(String name, String value) {
    var environment = new HashMap<>(ENOUGH);
    environment.put(name, value);
    return environment;
  }
}
