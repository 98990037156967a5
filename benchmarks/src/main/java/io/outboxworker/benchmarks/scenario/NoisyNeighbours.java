package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.Behaviour;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.ground.Receiver;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * What the healthy half of the subscriptions notices of the other half: the same load, first with
 * everybody well, then with half of the endpoints in trouble or one tenant flooding.
 */
public final class NoisyNeighbours implements Scenario {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** What the noise is. */
  public enum Noise {
    /** Half of the endpoints read and never answer, until the time limit. */
    HANG("half hang"),
    /** Half of the endpoints are not there. */
    REFUSE_CONNECTIONS("half refuse connections"),
    /** Half of the endpoints answer 500. */
    ANSWER_500("half answer 500"),
    /** One tenant commits a great many events at once. */
    FLOOD("one tenant floods");

    private final String label;

    Noise(String label) {
      this.label = label;
    }
  }

  private final List<Noise> noises;
  private final Audience audience;
  private final int rate;
  private final int flood;
  private final Timing timing;

  /**
   * @param rate events a second over all subscriptions
   * @param flood events of the tenant that floods
   */
  public NoisyNeighbours(
      List<Noise> noises, Audience audience, int rate, int flood, Timing timing) {
    this.noises = List.copyOf(noises);
    this.audience = audience;
    this.rate = rate;
    this.flood = flood;
    this.timing = timing;
  }

  @Override
  public String name() {
    return "noisy neighbours";
  }

  @Override
  public void round(Bench bench, int round) throws IOException, SQLException, InterruptedException {
    for (Noise noise : noises) {
      measure(bench, round, noise);
    }
  }

  private void measure(Bench bench, int round, Noise noise)
      throws IOException, SQLException, InterruptedException {
    OutboxWorker worker = new OutboxWorker();
    try (Run run = Run.prepare(bench, worker, audience)) {
      run.start();
      run.warmUp(timing.warmUpEvents());
      run.warmUp(rate, timing.seconds() / 4);
      OpenLoop.Committed quiet = run.produce(rate, timing.seconds());
      run.awaitAll();
      int accepted = run.arrivals().accepted();
      begin(bench, run, worker, noise);
      Reading before = run.read();
      OpenLoop.Committed noisy = run.produce(rate, timing.seconds());
      run.awaitAccepted(accepted + expected(noise, noisy), PATIENCE);
      Reading used = run.read().since(before);
      Figures figures = new Figures(name(), noise.label, round);
      compare(run, figures, quiet, noisy, seq -> isHealthy(noise, seq));
      run.costs(figures, used, run.arrivals().size() - accepted);
      bench.keep(run.tally(figures, accepted + expected(noise, noisy)));
      run.kill();
    }
  }

  private void begin(Bench bench, Run run, OutboxWorker worker, Noise noise) throws SQLException {
    int half = audience.subscriptions() / 2;
    Receiver receiver = bench.ground().receiver();
    switch (noise) {
      case HANG -> receiver.behave(half, half, Behaviour.HANG);
      case ANSWER_500 -> receiver.behave(half, half, Behaviour.REFUSE);
      case REFUSE_CONNECTIONS ->
          // Port 1 of this machine: nobody listens, and the kernel says so at once.
          Ground.execute(
              run.connection(),
              """
              update webhooks.subscription set url = replace(url, ':%d/', ':1/')
              where substring(url from '[0-9]+$')::int >= %d
              """
                  .formatted(receiver.port(), half));
      case FLOOD -> {
        worker.flood(run.connection(), audience.tenants() - 1, run.events(), flood);
        run.committed(flood);
      }
    }
  }

  /** How many POSTs will be accepted for certain: none of those in trouble. */
  private long expected(Noise noise, OpenLoop.Committed noisy) {
    long healthy = 0;
    for (long seq = noisy.first(); noisy.holds(seq); seq++) {
      healthy += noise == Noise.FLOOD || isHealthy(noise, seq) ? 1 : 0;
    }
    return healthy + (noise == Noise.FLOOD ? flood : 0);
  }

  private boolean isHealthy(Noise noise, long seq) {
    return noise == Noise.FLOOD
        ? audience.tenant(seq) != audience.tenants() - 1
        : audience.tenant(seq) < audience.tenants() / 2;
  }

  private static void compare(
      Run run,
      Figures figures,
      OpenLoop.Committed quiet,
      OpenLoop.Committed noisy,
      LongPredicate healthy)
      throws SQLException {
    double[] before = new Latencies(run.connection(), quiet).toReceipt(run.arrivals(), healthy);
    Latencies latencies = new Latencies(run.connection(), noisy);
    double[] during = latencies.toReceipt(run.arrivals(), healthy);
    double quietP99 = Latencies.percentile(before, 0.99);
    double noisyP99 = Latencies.percentile(during, 0.99);
    figures.with("healthy p99, noisy : quiet", noisyP99 / quietP99);
    Latencies.add(figures, "healthy, noisy", during);
    Latencies.add(
        figures, "healthy, noisy, to fan-out", latencies.toFanOut(run.connection(), healthy));
    Latencies.add(figures, "healthy, quiet", before);
  }
}
