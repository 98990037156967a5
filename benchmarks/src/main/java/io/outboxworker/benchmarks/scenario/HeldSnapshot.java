package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * A steady load while somebody keeps a snapshot open, as a long report does: nothing that was
 * deleted since can be cleaned up.
 */
public final class HeldSnapshot implements Scenario {
  private final Audience audience;
  private final int rate;
  private final int seconds;
  private final Timing timing;

  /**
   * @param seconds how long the snapshot is held
   */
  public HeldSnapshot(Audience audience, int rate, int seconds, Timing timing) {
    this.audience = audience;
    this.rate = rate;
    this.seconds = seconds;
    this.timing = timing;
  }

  @Override
  public String name() {
    return "held snapshot";
  }

  @Override
  public void round(Bench bench, int round) throws IOException, SQLException, InterruptedException {
    try (Run run = Run.prepare(bench, new OutboxWorker(), audience)) {
      run.start();
      run.warmUp(timing.warmUpEvents());
      measure(bench, run, "before", round, timing.seconds());
      try (Connection report = bench.ground().connect(run.database())) {
        report.setAutoCommit(false);
        report.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        Ground.number(report, "select count(*) from webhooks.subscription");
        int parts = Math.max(1, (int) (seconds / timing.seconds()));
        for (int part = 1; part <= parts; part++) {
          String until = "held for %.0f s".formatted(part * timing.seconds());
          measure(bench, run, until, round, timing.seconds());
        }
        report.rollback();
      }
      measure(bench, run, "after", round, timing.seconds());
    }
  }

  private void measure(Bench bench, Run run, String when, int round, double length)
      throws IOException, SQLException, InterruptedException {
    Reading begin = run.read();
    OpenLoop.Committed committed = run.produce(rate, length);
    run.awaitAll();
    Reading used = run.read().since(begin);
    Figures figures = new Figures(name(), when, round);
    Latencies latencies = new Latencies(run.connection(), committed);
    Latencies.add(figures, "commit to receipt", latencies.toReceipt(run.arrivals(), seq -> true));
    bench.keep(run.finish(figures, used, committed.count()));
  }
}
