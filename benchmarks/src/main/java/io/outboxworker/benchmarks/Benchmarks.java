package io.outboxworker.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.Faults;
import io.outboxworker.Logging;
import io.outboxworker.Version;
import io.outboxworker.benchmarks.contestant.Contestant;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.ServerUrl;
import io.outboxworker.benchmarks.report.Folder;
import io.outboxworker.benchmarks.report.Progress;
import io.outboxworker.benchmarks.report.Results;
import io.outboxworker.benchmarks.report.Table;
import io.outboxworker.benchmarks.scenario.Bench;
import io.outboxworker.benchmarks.scenario.Scenario;
import io.outboxworker.cli.Arguments;
import io.outboxworker.cli.CommandMisused;
import io.outboxworker.webhook.Sender;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code outbox-bench}: how fast, at what cost, and is nothing lost. */
@Command(
    name = "outbox-bench",
    mixinStandardHelpOptions = true,
    versionProvider = Benchmarks.VersionLine.class,
    sortOptions = false,
    description = {
      "Measures the worker beside a bare HTTP client and other queues on PostgreSQL, on an embedded"
          + " PostgreSQL with fsync on, or one of yours.",
      "Progress goes to stderr; a table of medians and ranges goes to stdout, and with all figures"
          + " and plots to a folder."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:nothing was lost",
      "1:a delivery was lost or made without an event, or nothing could be measured",
      "64:usage"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
public final class Benchmarks implements Callable<Integer> {
  /** What --version prints. */
  static final class VersionLine implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"outbox-worker " + Version.current()};
    }
  }

  @Parameters(
      paramLabel = "SCENARIO",
      description =
          "drain, start, steady, fan-out, noisy-neighbours, retry-storm, growth, held-snapshot,"
              + " producers-cost, idle, or all; without one: drain, or those of --short.")
  private List<String> names = List.of();

  @Mixin private Sizes sizes;

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "PEER",
      description =
          "Who drains and keeps a steady load as well: db-scheduler, gruelbox, graphile-worker,"
              + " pg-boss, or all.")
  private List<String> peers = List.of();

  @Option(
      names = "--durable",
      description =
          "The worker drains and keeps a steady load once more with commits that wait for the disk"
              + " (synchronous_commit=on).")
  private boolean durable;

  @Option(
      names = "--server",
      paramLabel = "URL",
      description =
          "A PostgreSQL that runs on this machine, instead of the embedded one:"
              + " postgresql://superuser:password@host:port. Every run makes a database in it and"
              + " drops it.")
  private @Nullable String server;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      defaultValue = "target/benchmarks",
      description = "Where results.json, table.md and the plots go. ${DEFAULT-VALUE}")
  private Path folder;

  private final PrintWriter out;
  private final PrintWriter err;

  private Benchmarks(PrintWriter out, PrintWriter err) {
    this.out = out;
    this.err = err;
  }

  /** Measures and ends the JVM with an exit code. */
  public static void main(String[] arguments) {
    Sender.prepareJvm();
    var out = new PrintWriter(new FileOutputStream(FileDescriptor.out), true, UTF_8);
    var err = new PrintWriter(new FileOutputStream(FileDescriptor.err), true, UTF_8);
    System.exit(run(arguments, out, err));
  }

  /** Measures and returns the exit code. */
  static int run(String[] arguments, PrintWriter out, PrintWriter err) {
    return Arguments.understoodBy(new CommandLine(new Benchmarks(out, err)))
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler((fault, given) -> Faults.misunderstood(fault))
        .setExecutionExceptionHandler((fault, command, parsed) -> Faults.failed(fault, err))
        .execute(arguments);
  }

  @Override
  public Integer call() throws Exception {
    Sizes taken = sizes.checked();
    List<Contestant> entrants =
        new ArrayList<>(durable ? List.of(OutboxWorker.durable()) : List.of());
    entrants.addAll(Entrants.named(peers, err::println));
    Program program = new Program(taken, entrants);
    List<Scenario> scenarios = program.scenarios(names);
    new Logging("text", "warn").start();
    Progress progress = new Progress(err);
    Results results = new Results();
    Map<String, String> about;
    makeFolder();
    try (Ground ground = ground()) {
      ground.receiver().answerAfter(taken.answerAfter);
      about = program.about(ground);
      about.forEach((name, value) -> out.printf("- %s: %s%n", name, value));
      Bench bench = new Bench(ground, progress, results);
      for (int round = 1; round <= taken.rounds; round++) {
        for (Scenario scenario : scenarios) {
          progress.say("%s, round %d of %d".formatted(scenario.name(), round, taken.rounds));
          scenario.round(bench, round);
          Folder.write(folder, about, results.all());
        }
      }
    }
    out.printf("%n%s", Table.of(results.all()));
    progress.say("written to " + folder.toAbsolutePath());
    return results.faulty() == 0 ? 0 : 1;
  }

  /** Before anything is measured, which may take hours. */
  private void makeFolder() {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new CommandMisused("--out %s can't be made: %s".formatted(folder, e));
    }
  }

  private Ground ground() throws IOException, SQLException {
    if (server != null) {
      return Ground.over(new ServerUrl(server));
    }
    return Ground.open(sizes.isShort ? "128MB" : "1GB");
  }
}
