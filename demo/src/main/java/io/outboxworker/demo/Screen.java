package io.outboxworker.demo;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;

/** What people see, on stdout: calm columns, with colours only where somebody looks. */
final class Screen {

  /** One attempt to deliver an event, or a transaction that published nothing. */
  record Line(
      String event,
      String tenant,
      String status,
      String attempts,
      String ms,
      String receiver,
      String note) {}

  private static final String COLUMNS = "%-21s  %-6s  %s  %8s  %4s  %-5s  %s";
  private static final int STATUS_WIDTH = 9;
  private static final Map<String, String> COLOURS =
      Map.of("delivered", "32", "retrying", "33", "failed", "31", "rollback", "2");

  private final PrintWriter out;
  private final boolean colours;

  Screen(PrintWriter out, boolean colours) {
    this.out = out;
    this.colours = colours;
  }

  /** Whether stdout is a terminal whose user did not ask for plain text. */
  static boolean wantsColours(Map<String, String> environment) {
    return environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !environment.getOrDefault("TERM", "dumb").equals("dumb")
        && isTerminal();
  }

  void say(String text) {
    out.println(text);
  }

  void heading(String text) {
    out.println();
    out.println(painted("1", text));
  }

  void columns() {
    out.println();
    String titles =
        COLUMNS.formatted("event", "tenant", "status   ", "attempts", "ms", "receiver", "");
    out.println(painted("2", titles.strip()));
  }

  void line(Line line) {
    String status = " ".repeat(Math.max(0, STATUS_WIDTH - line.status.length()));
    String text =
        COLUMNS.formatted(
            line.event,
            line.tenant,
            painted(COLOURS.getOrDefault(line.status, "0"), line.status) + status,
            line.attempts,
            line.ms,
            line.receiver,
            line.note);
    out.println(text.stripTrailing());
  }

  void rolledBack(String event, Tenant tenant) {
    line(new Line(event, tenant.toString(), "rollback", "-", "-", "-", "nothing is sent"));
  }

  /** Whether nobody reads any more, as after {@code outbox demo | head}. */
  boolean isGone() {
    return out.checkError();
  }

  private String painted(String colour, String text) {
    return colours ? "\u001B[" + colour + "m" + text + "\u001B[0m" : text;
  }

  /** Java 21 can't tell a terminal on stdout alone; the shell can. */
  private static boolean isTerminal() {
    try {
      return new ProcessBuilder("sh", "-c", "test -t 1").inheritIO().start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
