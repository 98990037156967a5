package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.Contestant;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/** Events that come one by one, each in a transaction of its own: how long each takes. */
public final class Steady implements Scenario {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final List<Contestant> contestants;
  private final Audience audience;
  private final List<Integer> rates;
  private final Timing timing;

  public Steady(
      List<Contestant> contestants, Audience audience, List<Integer> rates, Timing timing) {
    this.contestants = List.copyOf(contestants);
    this.audience = audience;
    this.rates = List.copyOf(rates);
    this.timing = timing;
  }

  @Override
  public String name() {
    return "steady";
  }

  @Override
  public void round(Bench bench, int round) throws IOException, SQLException, InterruptedException {
    for (Contestant contestant : contestants) {
      try (Run run = Run.prepare(bench, contestant, audience)) {
        run.start();
        run.warmUp(timing.warmUpEvents());
        for (int rate : rates) {
          String variant = "%s, %,d/s".formatted(contestant.name(), rate);
          if (!measured(bench, run, contestant, new Figures(name(), variant, round), rate)) {
            bench.progress().say("  " + variant + ": cannot keep up");
            break;
          }
        }
      }
    }
  }

  /** False, and no figures, where deliveries fall behind for good. */
  private boolean measured(Bench bench, Run run, Contestant contestant, Figures figures, int rate)
      throws IOException, SQLException, InterruptedException {
    Reading begin = run.read();
    OpenLoop.Committed committed = run.produce(rate, timing.seconds());
    if (!run.awaitAccepted(run.events(), PATIENCE)) {
      return false;
    }
    run.awaitAll();
    Reading used = run.read().since(begin);
    Latencies latencies = new Latencies(run.connection(), committed);
    Latencies.add(figures, "commit to receipt", latencies.toReceipt(run.arrivals(), seq -> true));
    if (contestant instanceof OutboxWorker) {
      Latencies.add(figures, "commit to record", latencies.toRecord(run.connection()));
    }
    double[] fromSchedule = latencies.fromSchedule(run.arrivals(), seq -> true);
    figures.with("schedule to receipt p99, ms", Latencies.percentile(fromSchedule, 0.99));
    bench.keep(run.finish(figures, used, committed.count()));
    return true;
  }
}
