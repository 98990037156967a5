package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.BareClient;
import io.outboxworker.benchmarks.contestant.Contestant;
import io.outboxworker.benchmarks.contestant.Running;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/**
 * Events that were committed and wait: how fast they leave, with a process that has just been
 * started and with one that is warm, each beside the bare client in the same state.
 */
public final class Drain implements Scenario {
  private final List<Contestant> contestants;
  private final Audience audience;
  private final int events;
  private final int bareInFlight;

  public Drain(List<Contestant> contestants, Audience audience, int events, int bareInFlight) {
    this.contestants = List.copyOf(contestants);
    this.audience = audience;
    this.events = events;
    this.bareInFlight = bareInFlight;
  }

  @Override
  public String name() {
    return "drain";
  }

  @Override
  public void round(Bench bench, int round) throws IOException, SQLException, InterruptedException {
    double[] bare = bareClient(bench, round);
    for (Contestant contestant : contestants) {
      try (Run run = Run.prepare(bench, contestant, audience)) {
        drain(run, contestant.name(), round, bare);
      }
    }
  }

  /** The rates of the bare client, cold and warm. */
  private double[] bareClient(Bench bench, int round) throws IOException, SQLException {
    Ground ground = bench.ground();
    double[] rates = new double[2];
    ground.receiver().reset();
    try (Running client = BareClient.start(ground, audience, bareInFlight)) {
      for (int phase = 0; phase < 2; phase++) {
        Reading before = ground.read("", client.pid());
        rates[phase] = events / BareClient.post(client, (long) phase * events, events);
        Reading used = ground.read("", client.pid()).since(before);
        Figures figures = figures("bare client", phase, round, rates[phase], rates);
        figures.with("worker CPU-s per 1,000", used.workerCpu() / events * 1000);
        figures.with("PostgreSQL CPU-s per 1,000", 0);
        figures.with("receiver CPU-s per 1,000", used.receiverCpu() / events * 1000);
        bench.keep(figures.with("most resident MiB", client.peakMebibytes()));
      }
    }
    return rates;
  }

  private void drain(Run run, String who, int round, double[] bare)
      throws IOException, SQLException, InterruptedException {
    run.load(events);
    run.settle();
    Reading begin = run.read();
    run.start();
    Figures cold = drained(run, who, round, begin, 0, bare);
    long first = run.arrivals().firstMicros();
    run.keep(cold.with("first POST, s after start", (first - begin.micros()) / 1e6));
    run.load(events);
    run.keep(drained(run, who, round, run.read(), 1, bare));
  }

  private Figures drained(Run run, String who, int round, Reading begin, int phase, double[] bare)
      throws IOException, SQLException, InterruptedException {
    run.awaitAll();
    Reading used = run.read().since(begin);
    return run.finish(figures(who, phase, round, events / used.seconds(), bare), used, events);
  }

  private Figures figures(String who, int phase, int round, double rate, double[] bare) {
    return new Figures(name(), who + (phase == 0 ? ", cold" : ", warm"), round)
        .with("deliveries/s", rate)
        .with("of the bare client", rate / bare[phase]);
  }
}
