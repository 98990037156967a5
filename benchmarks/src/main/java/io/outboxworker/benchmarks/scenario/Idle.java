package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/** Nothing to do: what worker and PostgreSQL take all the same. */
public final class Idle implements Scenario {
  private final Audience audience;
  private final int warmUpEvents;
  private final Duration length;

  public Idle(Audience audience, int warmUpEvents, Duration length) {
    this.audience = audience;
    this.warmUpEvents = warmUpEvents;
    this.length = length;
  }

  @Override
  public String name() {
    return "idle";
  }

  @Override
  public void round(Bench bench, int round) throws IOException, SQLException, InterruptedException {
    try (Run run = Run.prepare(bench, new OutboxWorker(), audience)) {
      run.settle();
      Reading alone = measure(run);
      run.start();
      run.warmUp(warmUpEvents);
      // Pools and compilers come to rest, and what ended is counted half a minute later.
      Thread.sleep(length.multipliedBy(2));
      Reading used = measure(run);
      double worker = 100 * used.workerCpu() / used.seconds();
      double postgres = 100 * used.postgresCpu() / used.seconds();
      bench.keep(
          new Figures(name(), "a worker with nothing to do", round)
              .with("worker and PostgreSQL, % of a core", worker + postgres)
              .with("worker, % of a core", worker)
              .with("PostgreSQL, % of a core", postgres)
              .with("PostgreSQL alone, % of a core", 100 * alone.postgresCpu() / alone.seconds())
              .with("statements/s", used.statements() / used.seconds())
              .with("WAL bytes/s", used.walBytes() / used.seconds())
              .with("most resident MiB", run.peakMebibytes()));
    }
  }

  private Reading measure(Run run) throws SQLException, IOException, InterruptedException {
    Reading begin = run.read();
    Thread.sleep(length);
    return run.read().since(begin);
  }
}
