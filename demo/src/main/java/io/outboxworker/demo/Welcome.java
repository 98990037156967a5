package io.outboxworker.demo;

import java.time.Duration;
import java.util.Locale;

/** What is said before the first delivery: where everything is, and what to try. */
final class Welcome {
  private final Screen screen;

  Welcome(Screen screen) {
    this.screen = screen;
  }

  void begin() {
    screen.say("outbox demo: starting a PostgreSQL of its own, a worker and three receivers ...");
  }

  void ready(Stage stage, Duration took) {
    screen.say(String.format(Locale.ROOT, "Ready after %.1f s.", took.toMillis() / 1000.0));
    screen.say("");
    screen.say("  Console    %s/  (sign in with the API token)".formatted(stage.workerUrl()));
    screen.say(
        "  Worker     %s/metrics  /livez  /readyz%s"
            .formatted(stage.workerUrl(), stage.isOnAnotherPort() ? "  (port 8000 is taken)" : ""));
    screen.say("  Database   psql '%s'".formatted(stage.postgres().shopUrl()));
    screen.say("  Tenant     %s  (%s)".formatted(Tenant.ACME.id(), Tenant.ACME));
    screen.say("  API token  %s  (%s)".formatted(stage.token(), Tenant.ACME));
    subscriptions();
    insert(stage);
    screen.heading("The shop is open. One line per attempt; Ctrl-C ends it and removes it all.");
    screen.columns();
  }

  private void subscriptions() {
    screen.heading("Who asked for which events");
    screen.say("  acme    *                 works  verifies the signature and answers 200");
    screen.say("  acme    payment.received  flaky  answers 503 twice, then works");
    screen.say("  globex  *                 works  verifies the signature and answers 200");
    screen.say("  globex  invoice.*         gone   answers 410: asked once, then never again");
  }

  /** As SQL, and as a line for the shell. */
  private void insert(Stage stage) {
    String sql =
        ("INSERT INTO webhooks.outbox (tenant_id, event, resource_id, data)"
                + " VALUES ('%s', 'invoice.paid', 'inv-42', '{\"amount\":\"12.50\"}');")
            .formatted(Tenant.ACME.id());
    screen.heading("Try it: commit an event of your own, in psql or from a shell");
    screen.say("  " + sql);
    screen.say("");
    screen.say(
        "  psql '%s' -c \"%s\"".formatted(stage.postgres().shopUrl(), sql.replace("\"", "\\\"")));
  }
}
