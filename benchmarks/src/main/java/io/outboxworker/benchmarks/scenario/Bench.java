package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Contestant;
import io.outboxworker.benchmarks.contestant.Running;
import io.outboxworker.benchmarks.ground.Arrivals;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.ground.Tally;
import io.outboxworker.benchmarks.report.Figures;
import io.outboxworker.benchmarks.report.Progress;
import io.outboxworker.benchmarks.report.Results;
import io.outboxworker.cli.CommandFailed;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** What every scenario works with. */
public record Bench(Ground ground, Progress progress, Results results) {
  private static final Duration LOOK = Duration.ofMillis(10);
  private static final Duration STALLED = Duration.ofSeconds(60);
  private static final Duration TELL = Duration.ofSeconds(5);

  /** The end of this scenario's work was not reached; what is missing counts as lost. */
  private static final String STOPPED = "nothing arrives any more";

  /**
   * Waits until so many POSTs were accepted and nothing is left to do; gives up after a minute in
   * which nothing arrives.
   */
  void awaitAccepted(Contestant contestant, Running running, Connection connection, int accepted)
      throws IOException, SQLException, InterruptedException {
    Arrivals arrivals = ground.receiver().arrivals();
    long told = System.nanoTime();
    long moved = told;
    int seen = -1;
    while (arrivals.accepted() < accepted || !contestant.isIdle(connection)) {
      Thread.sleep(LOOK);
      running.check();
      long now = System.nanoTime();
      if (arrivals.size() != seen) {
        seen = arrivals.size();
        moved = now;
      } else if (now - moved > STALLED.toNanos()) {
        progress.say(STOPPED);
        return;
      }
      if (now - told > TELL.toNanos()) {
        told = now;
        progress.say("  %,d of %,d".formatted(arrivals.accepted(), accepted));
      }
    }
  }

  /** Adds what each delivery of that many took. */
  static Figures costs(Figures figures, Reading used, long deliveries) {
    double thousands = deliveries / 1000.0;
    return figures
        .with("worker CPU-s per 1,000", used.workerCpu() / thousands)
        .with("PostgreSQL CPU-s per 1,000", used.postgresCpu() / thousands)
        .with("receiver CPU-s per 1,000", used.receiverCpu() / thousands)
        .with("WAL bytes per delivery", used.walBytes() / (double) deliveries)
        .with("statements per delivery", used.statements() / (double) deliveries)
        .with("writing commits per delivery", used.writes() / (double) deliveries);
  }

  /** Adds what was lost, came twice, or should not have come. */
  static Figures tally(Figures figures, Tally tally) {
    return figures
        .with("lost", (double) tally.lost())
        .with("duplicates", (double) tally.duplicates())
        .with("ghosts", (double) tally.ghosts());
  }

  /** Keeps the figures, and says the first of them. */
  void keep(Figures figures) {
    results.add(figures);
    String first =
        figures.values().entrySet().stream()
            .limit(2)
            .map(e -> "%s %.2f".formatted(e.getKey(), e.getValue()))
            .reduce((a, b) -> a + ", " + b)
            .orElseThrow(() -> new CommandFailed("nothing was measured"));
    progress.say("  " + figures.variant() + ": " + first);
  }
}
