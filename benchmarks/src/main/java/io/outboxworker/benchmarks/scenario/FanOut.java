package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.SQLException;

/** Events with many subscriptions: one event for all of them, and many events for some each. */
public final class FanOut implements Scenario {
  /** Tenants that share the many events. */
  private static final int TENANTS = 10;

  private final int ofOne;
  private final int events;
  private final int ofEach;

  /**
   * @param ofOne subscriptions of the one event
   * @param events the many events
   * @param ofEach subscriptions of each of them
   */
  public FanOut(int ofOne, int events, int ofEach) {
    this.ofOne = ofOne;
    this.events = events;
    this.ofEach = ofEach;
  }

  @Override
  public String name() {
    return "fan-out";
  }

  @Override
  public void round(Bench bench, int round) throws IOException, SQLException, InterruptedException {
    measure(bench, round, new Audience(1, ofOne), 1);
    measure(bench, round, new Audience(TENANTS, ofEach), events);
  }

  /** Twice in one process: cold, and then with warm code and known lanes. */
  private void measure(Bench bench, int round, Audience audience, int count)
      throws IOException, SQLException, InterruptedException {
    try (Run run = Run.prepare(bench, new OutboxWorker(), audience)) {
      run.start();
      run.warmUp(1);
      for (String state : new String[] {"first", "again"}) {
        run.load(count);
        Reading begin = run.read();
        run.awaitAll();
        Reading used = run.read().since(begin);
        String variant = "%,d × %,d, %s".formatted(count, audience.perTenant(), state);
        Figures figures = new Figures(name(), variant, round);
        long deliveries = (long) count * audience.perTenant();
        long last = run.arrivals().lastMicros() - begin.micros();
        figures
            .with("last receipt, s after commit", last / 1e6)
            .with("all recorded, s after commit", used.seconds())
            .with("deliveries/s", deliveries / used.seconds());
        bench.keep(run.finish(figures, used, deliveries));
      }
    }
  }
}
