package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.SQLException;

/**
 * A worker is started while an event waits, again and again: how long until its POST, and how long
 * it takes to stop, without and with an archive of classes.
 */
public final class Start implements Scenario {
  private final Audience audience;
  private final int starts;

  public Start(Audience audience, int starts) {
    this.audience = audience;
    this.starts = starts;
  }

  @Override
  public String name() {
    return "start";
  }

  @Override
  public void round(Bench bench, int round) throws IOException, SQLException, InterruptedException {
    var plain = new OutboxWorker();
    var archived = OutboxWorker.archived();
    for (int i = 0; i < starts; i++) {
      // In turn, so that whatever else the machine does meets both.
      start(bench, plain, "without an archive", round);
      start(bench, archived, "with an archive", round);
    }
  }

  private void start(Bench bench, OutboxWorker worker, String variant, int round)
      throws IOException, SQLException, InterruptedException {
    try (Run run = Run.prepare(bench, worker, audience)) {
      run.load(1);
      run.settle();
      Reading begin = run.read();
      run.start();
      run.awaitAccepted(1, Run.PATIENCE);
      double cpu = run.read().since(begin).workerCpu();
      double first = (run.arrivals().firstMicros() - begin.micros()) / 1e6;
      run.awaitAll();
      Figures figures =
          new Figures(name(), variant, round)
              .with("first POST, s after start", first)
              .with("worker CPU-s until then", cpu)
              .with("exit, s after SIGTERM", run.stop());
      run.keep(run.tally(figures, 1));
    }
  }
}
