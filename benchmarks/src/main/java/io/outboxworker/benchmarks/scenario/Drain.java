package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.BareClient;
import io.outboxworker.benchmarks.contestant.Contestant;
import io.outboxworker.benchmarks.contestant.Running;
import io.outboxworker.benchmarks.ground.Clock;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.ground.Tally;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.Connection;
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
      drain(bench, round, contestant, bare);
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
        Figures figures = figures("bare client", phase, round);
        figures.with("deliveries/s", rates[phase]).with("of the bare client", 1);
        figures.with("worker CPU-s per 1,000", used.workerCpu() / events * 1000);
        figures.with("receiver CPU-s per 1,000", used.receiverCpu() / events * 1000);
        bench.keep(figures.with("most resident MiB", client.peakMebibytes()));
      }
    }
    return rates;
  }

  private void drain(Bench bench, int round, Contestant contestant, double[] bare)
      throws IOException, SQLException, InterruptedException {
    Ground ground = bench.ground();
    ground.receiver().reset();
    String database = ground.createDatabase();
    contestant.install(ground, database, audience);
    try (Connection connection = ground.connect(database)) {
      contestant.load(connection, audience, 0, events);
      Ground.execute(connection, "vacuum analyze");
      ground.checkpoint();
      Reading begin = ground.read(database, 0);
      try (Running running = contestant.start(ground, database, audience)) {
        Figures cold = phase(bench, contestant, running, connection, begin, 0, round, bare);
        long first = ground.receiver().arrivals().firstMicros();
        bench.keep(cold.with("first POST, s after start", (first - begin.micros()) / 1e6));
        contestant.load(connection, audience, events, events);
        Reading again = ground.read(database, running.pid());
        bench.keep(phase(bench, contestant, running, connection, again, 1, round, bare));
      }
    }
    ground.dropDatabase(database);
  }

  private Figures phase(
      Bench bench,
      Contestant contestant,
      Running running,
      Connection connection,
      Reading begin,
      int phase,
      int round,
      double[] bare)
      throws IOException, SQLException, InterruptedException {
    int total = (phase + 1) * events;
    bench.awaitAccepted(contestant, running, connection, total);
    double seconds = (Clock.micros() - begin.micros()) / 1e6;
    Ground ground = bench.ground();
    Reading used = ground.read(connection.getCatalog(), running.pid()).since(begin);
    Figures figures = figures(contestant.name(), phase, round);
    figures.with("deliveries/s", events / seconds);
    figures.with("of the bare client", events / seconds / bare[phase]);
    Bench.costs(figures, used, events).with("most resident MiB", running.peakMebibytes());
    Tally tally = Tally.of(ground.receiver().arrivals(), total, audience.perTenant(), total);
    return Bench.tally(figures, tally);
  }

  private Figures figures(String who, int phase, int round) {
    return new Figures(name(), who + (phase == 0 ? ", cold" : ", warm"), round);
  }
}
