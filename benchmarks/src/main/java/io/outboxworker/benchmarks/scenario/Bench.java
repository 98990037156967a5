package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.report.Figures;
import io.outboxworker.benchmarks.report.Progress;
import io.outboxworker.benchmarks.report.Results;
import io.outboxworker.cli.CommandFailed;

/** What every scenario works with. */
public record Bench(Ground ground, Progress progress, Results results) {
  /** Adds what each delivery of that many took. */
  static Figures costs(Figures figures, Reading used, long deliveries) {
    double thousands = deliveries / 1000.0;
    figures.values().putIfAbsent("deliveries/s", deliveries / used.seconds());
    return figures
        .with("worker CPU-s per 1,000", used.workerCpu() / thousands)
        .with("PostgreSQL CPU-s per 1,000", used.postgresCpu() / thousands)
        .with("receiver CPU-s per 1,000", used.receiverCpu() / thousands)
        .with("WAL bytes per delivery", used.walBytes() / (double) deliveries)
        .with("statements per delivery", used.statements() / (double) deliveries)
        .with("writing commits per delivery", used.writes() / (double) deliveries);
  }

  /** Keeps the figures, and says the first of them. */
  void keep(Figures figures) {
    results.add(figures);
    String first =
        figures.values().entrySet().stream()
            .limit(3)
            .map(e -> "%s %.3f".formatted(e.getKey(), e.getValue()))
            .reduce((a, b) -> a + ", " + b)
            .orElseThrow(() -> new CommandFailed("nothing was measured"));
    progress.say("  " + figures.variant() + ": " + first);
  }
}
