package io.outboxworker.cli;

import io.outboxworker.api.Json;
import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.DatabaseUnreachable;
import io.outboxworker.database.Migrations;
import io.outboxworker.subscription.StoredSecrets;
import io.outboxworker.upkeep.Checkup;
import io.outboxworker.upkeep.EventCheckup;
import io.outboxworker.upkeep.Finding;
import io.outboxworker.upkeep.Finding.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Looks for what is wrong, and says what to do about it. */
@Command(
    name = "doctor",
    description = {
      "Looks at every database and the configuration for what is wrong, and says what to do.",
      "With --tenant and --event: why that tenant does not get that event.",
      "Changes nothing. Exit code 1 where it found a problem."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
public final class DoctorCommand implements Callable<Integer> {

  private static final Duration REACHABLE_LIMIT = Duration.ofSeconds(5);
  private static final Duration NOTABLE_SKEW = Duration.ofSeconds(5);
  private static final int OLDEST_SERVER = 15;

  @Option(names = "--tenant", paramLabel = "UUID", description = "Whose event is missing.")
  private @Nullable UUID tenant;

  @Option(names = "--event", paramLabel = "EVENT", description = "The event's exact name.")
  private @Nullable String event;

  @Option(
      names = "--database",
      paramLabel = "NAME",
      description = "Only this one of OUTBOX_DATABASES (default: all).")
  private @Nullable String only;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  private final Desk desk;
  private final Supplier<Patient> patients;

  public DoctorCommand(Desk desk, Supplier<Patient> patients) {
    this.desk = desk;
    this.patients = patients;
  }

  @Override
  public Integer call() throws InterruptedException {
    if ((tenant == null) != (event == null)) {
      throw new CommandMisused("--tenant and --event belong together");
    }
    var patient = patients.get();
    if (only != null && !patient.databases().containsKey(only)) {
      throw new CommandMisused(
          "--database must be one of " + String.join(", ", patient.databases().keySet()));
    }
    Map<String, List<Finding>> found = new LinkedHashMap<>();
    found.put(
        "configuration",
        patient.warnings().stream().map(text -> Finding.note("configuration", text)).toList());
    for (var database : patient.databases().entrySet()) {
      if (only == null || only.equals(database.getKey())) {
        found.put(database.getKey(), examine(database.getValue(), patient));
      }
    }
    print(found);
    return found.values().stream().flatMap(List::stream).anyMatch(DoctorCommand::isProblem)
        ? ExitCodes.FAILED
        : 0;
  }

  private List<Finding> examine(DatabaseSettings settings, Patient patient)
      throws InterruptedException {
    List<Finding> findings = new ArrayList<>();
    try (var database = Database.open(settings, "cli", 2, null)) {
      database.awaitReachable(REACHABLE_LIMIT);
      var jdbi = database.jdbi();
      server(jdbi, findings);
      var schemaFault = new Migrations(settings).fault();
      if (schemaFault != null) {
        findings.add(Finding.problem("schema", schemaFault, "outbox migrate"));
        return findings;
      }
      findings.add(Finding.ok("schema", "is as this program needs it"));
      keys(jdbi, patient, findings);
      if (tenant != null && event != null) {
        findings.addAll(new EventCheckup(jdbi, patient.guard()::faults).findings(tenant, event));
      }
      findings.addAll(new Checkup(jdbi, patient.retention()).findings());
    } catch (DatabaseUnreachable away) {
      findings.add(
          Finding.problem(
              "database",
              "does not answer: " + away.getMessage(),
              "is the server up, and are host, port, user and password right?"));
    }
    return findings;
  }

  private static void server(Jdbi jdbi, List<Finding> findings) {
    long asked = System.nanoTime();
    Instant theirs =
        jdbi.withHandle(h -> h.createQuery("select clock_timestamp()").mapTo(Instant.class).one());
    long millis = Duration.ofNanos(System.nanoTime() - asked).toMillis();
    int version =
        jdbi.withHandle(h ->
            h.createQuery("select current_setting('server_version_num')::int / 10000")
                .mapTo(int.class)
                .one());
    findings.add(
        version >= OLDEST_SERVER
            ? Finding.ok("database", "PostgreSQL %d answers in %d ms".formatted(version, millis))
            : Finding.problem(
                "database",
                "PostgreSQL %d is too old".formatted(version),
                "upgrade to %d or newer".formatted(OLDEST_SERVER)));
    var skew = Duration.between(theirs, Instant.now());
    findings.add(
        skew.abs().compareTo(NOTABLE_SKEW) < 0
            ? Finding.ok("clock", "differs from this machine's by %d ms".formatted(skew.toMillis()))
            : Finding.problem(
                "clock",
                "the database's differs from this machine's by %d s".formatted(skew.toSeconds()),
                "run a time service on both: receivers refuse webhooks whose timestamp is off"));
  }

  private static void keys(Jdbi jdbi, Patient patient, List<Finding> findings) {
    var keys = patient.keys();
    if (keys == null) {
      findings.add(Finding.note("keys", "OUTBOX_KEYS is not set here: not looked at"));
    } else if (new StoredSecrets(jdbi, keys).keysFit()) {
      findings.add(Finding.ok("keys", "OUTBOX_KEYS opens the stored secrets"));
    } else {
      findings.add(
          Finding.problem(
              "keys",
              "OUTBOX_KEYS has no key that opens the stored secrets",
              "find the key that `outbox keys generate` made first; without it every subscription"
                  + " needs a new secret"));
    }
  }

  private void print(Map<String, List<Finding>> found) {
    if (json) {
      desk.out().println(Json.items(found.entrySet().stream().flatMap(Item::of).toList()));
      return;
    }
    found.forEach((name, findings) ->
        findings.forEach(finding -> {
          desk.out()
              .println(
                  "%-8s%s: %s: %s"
                      .formatted(mark(finding), name, finding.what(), clean(finding.text())));
          if (finding.remedy() != null) {
            desk.out().println("        -> " + finding.remedy());
          }
        }));
  }

  private static String mark(Finding finding) {
    return isProblem(finding) ? "PROBLEM" : finding.level().name().toLowerCase(Locale.ROOT);
  }

  private static boolean isProblem(Finding finding) {
    return finding.level() == Level.PROBLEM;
  }

  /** What endpoints and tenants wrote can neither end the line nor colour the terminal. */
  private static String clean(String text) {
    return text.replaceAll("\\p{Cntrl}+", " ");
  }

  /** A finding as JSON tells it. */
  record Item(String database, String what, String level, String text, @Nullable String remedy) {
    static Stream<Item> of(Map.Entry<String, List<Finding>> found) {
      return found.getValue().stream()
          .map(f ->
              new Item(
                  found.getKey(),
                  f.what(),
                  f.level().name().toLowerCase(Locale.ROOT),
                  f.text(),
                  f.remedy()));
    }
  }
}
