package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.Behaviour;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;

/** An outage of every endpoint at once: all deliveries fail, and all fall due in one moment. */
public final class RetryStorm implements Scenario {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Long enough for all first attempts to fail before the first retry falls due. */
  private static final Map<String, String> LATE =
      Map.of("OUTBOX_RETRY_DELAYS", "10m,2s,4s", "OUTBOX_ATTEMPT_TIMEOUT", "10s");

  private final Audience audience;
  private final int deliveries;
  private final int warmUpEvents;

  public RetryStorm(Audience audience, int deliveries, int warmUpEvents) {
    this.audience = audience;
    this.deliveries = deliveries;
    this.warmUpEvents = warmUpEvents;
  }

  @Override
  public String name() {
    return "retry storm";
  }

  @Override
  public void round(Bench bench, int round) throws IOException, SQLException, InterruptedException {
    try (Run run = Run.prepare(bench, new OutboxWorker(LATE), audience)) {
      run.start();
      run.warmUp(warmUpEvents);
      int warm = run.arrivals().size();
      bench.ground().receiver().behave(0, audience.subscriptions(), Behaviour.REFUSE_FIRST);
      run.load(deliveries);
      awaitAllFailed(run);
      Reading begin = run.read();
      long due = makeDue(run);
      run.awaitAccepted(run.events(), PATIENCE);
      run.awaitAll();
      Reading used = run.read().since(begin);
      double[] late = lateness(run, warm + deliveries, due);
      Figures figures = new Figures(name(), "%,d at once".formatted(deliveries), round);
      figures.with("all attempted, s after due", Latencies.percentile(late, 1) / 1000);
      figures.with("early, ms", late.length == 0 ? 0 : Math.max(0, -late[0]));
      Latencies.add(figures, "due to receipt", late);
      bench.keep(run.finish(figures, used, deliveries));
    }
  }

  private void awaitAllFailed(Run run) throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (waiting(run) < deliveries && System.nanoTime() < deadline) {
      Thread.sleep(Duration.ofMillis(100));
    }
  }

  private static long waiting(Run run) throws SQLException {
    return Ground.number(
        run.connection(),
        "select count(*) from webhooks.delivery where next_attempt_at is not null");
  }

  /** In one second all of them are due; returns that moment. */
  private static long makeDue(Run run) throws SQLException {
    Ground.execute(
        run.connection(),
        """
        begin;
        create temporary table due on commit drop as select now() + interval '1 s' as at;
        update webhooks.delivery set next_attempt_at = at, lease_until = at + interval '10 s' from due
        where next_attempt_at is not null;
        update webhooks.scheduled_tasks set execution_time = at from due;
        commit
        """);
    return Ground.number(
        run.connection(),
        """
        select (extract(epoch from min(next_attempt_at)) * 1e6)::bigint from webhooks.delivery
        """);
  }

  /** How long after the due time each second attempt arrived, in ms and ascending. */
  private static double[] lateness(Run run, int attemptsBefore, long due) {
    double[] late = new double[Math.max(0, run.arrivals().size() - attemptsBefore)];
    int[] position = {0};
    run.arrivals()
        .each((seq, tenant, endpoint, accepted, micros) -> {
          int i = position[0]++ - attemptsBefore;
          if (i >= 0) {
            late[i] = (micros - due) / 1000.0;
          }
        });
    Arrays.sort(late);
    return late;
  }
}
