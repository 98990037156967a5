package io.outboxworker.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.Logging;
import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.report.Progress;
import io.outboxworker.benchmarks.report.Results;
import io.outboxworker.benchmarks.report.Table;
import io.outboxworker.benchmarks.scenario.Bench;
import io.outboxworker.benchmarks.scenario.Drain;
import io.outboxworker.benchmarks.scenario.Scenario;
import io.outboxworker.cli.Arguments;
import io.outboxworker.webhook.Sender;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code outbox-bench}: how fast, at what cost, and is nothing lost. */
@Command(
    name = "outbox-bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measures the worker beside a bare HTTP client, on a PostgreSQL of its own.",
      "Progress goes to stderr, the table of medians and ranges to stdout."
    })
public final class Benchmarks implements Callable<Integer> {
  @Option(names = "--rounds", defaultValue = "3", description = "How often each is measured.")
  private int rounds;

  @Option(names = "--events", defaultValue = "200000", description = "Events of a drain.")
  private int events;

  @Option(names = "--subscriptions", defaultValue = "1000", description = "Subscriptions.")
  private int subscriptions;

  @Option(
      names = "--bare-in-flight",
      defaultValue = "256",
      description = "POSTs that the bare client has running.")
  private int bareInFlight;

  private final PrintWriter out;
  private final PrintWriter err;

  private Benchmarks(PrintWriter out, PrintWriter err) {
    this.out = out;
    this.err = err;
  }

  /** Measures and ends the JVM with an exit code: 0, or 1 where something was lost. */
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
        .execute(arguments);
  }

  @Override
  public Integer call() throws Exception {
    new Logging("text", "warn").start();
    Progress progress = new Progress(err);
    Results results = new Results();
    try (Ground ground = Ground.open("1GB")) {
      Bench bench = new Bench(ground, progress, results);
      for (int round = 1; round <= rounds; round++) {
        for (Scenario scenario : scenarios()) {
          progress.say("%s, round %d of %d".formatted(scenario.name(), round, rounds));
          scenario.round(bench, round);
        }
      }
    }
    out.println(Table.of(results.all()));
    return results.faulty() == 0 ? 0 : 1;
  }

  private List<Scenario> scenarios() {
    Audience audience = new Audience(subscriptions, 1);
    return List.of(new Drain(List.of(new OutboxWorker()), audience, events, bareInFlight));
  }
}
