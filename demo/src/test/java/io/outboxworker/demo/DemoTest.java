package io.outboxworker.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The demo as newcomers run it: two at once, to take half the time. */
@Timeout(90)
final class DemoTest {
  private static final Pattern TOTALS =
      Pattern.compile("demo: (\\d+) events, (\\d+) delivered, (\\d+) failed, (\\d+) retried");

  private static DemoProcess timed;
  private static DemoProcess endless;

  @BeforeAll
  static void start() throws IOException {
    timed = DemoProcess.start("--for", "5s");
    timed.readUntil("^(outbox demo: starting)");
    endless = DemoProcess.start();
  }

  @AfterAll
  static void end() {
    timed.close();
    endless.close();
  }

  @Test
  void a_demo_of_some_seconds_ends_by_itself_with_true_numbers() throws Exception {
    List<String> lines = timed.readToEnd();

    assertThat(timed.exitCode()).isZero();
    assertThat(timed.stderr()).isEmpty();
    var totals = TOTALS.matcher(lines.getLast());
    assertThat(totals.matches()).as(lines.getLast()).isTrue();
    long events = Long.parseLong(totals.group(1));
    long delivered = Long.parseLong(totals.group(2));
    long failed = Long.parseLong(totals.group(3));
    long retried = Long.parseLong(totals.group(4));
    assertThat(delivered).isPositive().isEqualTo(attempts(lines, "delivered", "\\d"));
    assertThat(failed).isPositive().isEqualTo(attempts(lines, "failed", "\\d"));
    assertThat(retried)
        .isPositive()
        .isEqualTo(attempts(lines, "retrying", "1"))
        .isEqualTo(attempts(lines, "retrying", "2"))
        .isEqualTo(attempts(lines, "delivered", "3"));
    assertThat(events).isPositive().isLessThanOrEqualTo(delivered + failed);
    assertThat(attempts(lines, "rollback", "-")).isPositive();
    assertThat(timed.leftProcesses()).isEmpty();
  }

  @Test
  void the_printed_insert_is_delivered_and_sigterm_ends_it_all_with_0() throws Exception {
    String console = endless.readUntil("Console +(http://\\S+/) ");
    String database = endless.readUntil("psql '(postgresql://[^']+)'");
    String token = endless.readUntil("API token +(whk_\\S+)");
    String insert = endless.readUntil("^ *(INSERT INTO .*;)$");
    endless.readUntil("^(event +tenant +status +attempts +ms +receiver)$");
    execute(database, insert);
    String fsync = setting(database, "fsync");
    String committing = setting(database, "synchronous_commit");
    String delivered = endless.readUntil("(invoice.paid +acme +delivered +1 +\\d+ +works.*)");
    String metrics = endless.get("/metrics");
    String ready = endless.get("/readyz");
    String page = endless.get("/");
    endless.terminate();

    assertThat(List.of(fsync, committing)).containsOnly("on");
    assertThat(token).hasSizeGreaterThan(40);
    assertThat(console).matches("http://127.0.0.1:\\d+/");
    assertThat(page).contains("<outbox-console>");
    assertThat(delivered).endsWith("verified");
    assertThat(metrics).contains("webhook_deliveries_total{event=\"invoice.paid\"");
    assertThat(ready).contains("\"ok\"");
    assertThat(endless.readToEnd().getLast()).matches(TOTALS);
    assertThat(endless.exitCode()).isZero();
    assertThat(endless.stderr()).isEmpty();
    assertThat(endless.leftProcesses()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--for", "--for 20", "--for 0s", "--for 31d", "--fro 20s", "now"})
  void what_is_not_understood_is_a_usage_error(String arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    assertThat(run(out, err, arguments.split(" ", -1))).isEqualTo(64);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).startsWith("outbox demo: ").contains("Try: outbox demo --help");
  }

  @Test
  void it_explains_itself_on_stdout() {
    var out = new StringWriter();
    var err = new StringWriter();
    assertThat(run(out, err, "--help")).isZero();
    assertThat(err.toString()).isEmpty();
    assertThat(out.toString()).contains("Usage: outbox demo").contains("--for=DURATION");
  }

  private static long attempts(List<String> lines, String status, String number) {
    var line = Pattern.compile("^\\S+ +\\S+ +%s +%s ".formatted(status, number));
    return lines.stream().filter(text -> line.matcher(text).find()).count();
  }

  /** As a user does who copies the lines into psql. */
  private static void execute(String database, String sql) throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String setting(String database, String name) throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("show " + name)) {
      row.next();
      return row.getString(1);
    }
  }

  private static Connection connect(String database) throws SQLException {
    URI uri = URI.create(database);
    String[] login = uri.getUserInfo().split(":", 2);
    String url = "jdbc:postgresql://%s:%d%s".formatted(uri.getHost(), uri.getPort(), uri.getPath());
    return DriverManager.getConnection(url, login[0], login[1]);
  }

  private static int run(StringWriter out, StringWriter err, String... arguments) {
    return Demo.run(arguments, Map.of(), new PrintWriter(out, true), new PrintWriter(err, true));
  }
}
