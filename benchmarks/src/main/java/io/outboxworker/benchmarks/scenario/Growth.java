package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/**
 * A drain and a steady load on an installation that is new, and on one that has delivered for
 * weeks: millions of rows in the logs, and many subscriptions that have nothing to do.
 */
public final class Growth implements Scenario {
  private static final int DAYS = 30;
  private static final int RATE = 1_000;
  private static final int CHUNKS = 20;

  private final Audience audience;
  private final int events;
  private final int logRows;
  private final int idleTenants;
  private final Timing timing;

  /**
   * @param events events of the drain
   * @param logRows rows of each log
   * @param idleTenants tenants with a subscription and no events
   */
  public Growth(Audience audience, int events, int logRows, int idleTenants, Timing timing) {
    this.audience = audience;
    this.events = events;
    this.logRows = logRows;
    this.idleTenants = idleTenants;
    this.timing = timing;
  }

  @Override
  public String name() {
    return "growth";
  }

  @Override
  public void round(Bench bench, int round) throws IOException, SQLException, InterruptedException {
    OutboxWorker worker = new OutboxWorker();
    double empty = 0;
    for (boolean grown : List.of(false, true)) {
      try (Run run = Run.prepare(bench, worker, audience)) {
        if (grown) {
          grow(bench, run, worker);
        }
        run.start();
        run.warmUp(timing.warmUpEvents());
        Figures figures = new Figures(name(), grown ? grownLabel() : "empty", round);
        double rate = drain(run, figures, grown ? empty : 0);
        steady(run, figures);
        empty = grown ? empty : rate;
        bench.keep(run.tally(figures, run.events()));
      }
    }
  }

  private String grownLabel() {
    return "%,d rows, %,d subscriptions".formatted(logRows, idleTenants + audience.tenants());
  }

  private double drain(Run run, Figures figures, double empty)
      throws SQLException, IOException, InterruptedException {
    run.load(events);
    Reading begin = run.read();
    run.awaitAll();
    Reading used = run.read().since(begin);
    double rate = events / used.seconds();
    figures.with("deliveries/s", rate).with("of empty", empty == 0 ? 1 : rate / empty);
    run.costs(figures, used, events);
    return rate;
  }

  private void steady(Run run, Figures figures)
      throws SQLException, IOException, InterruptedException {
    OpenLoop.Committed committed = run.produce(RATE, timing.seconds());
    run.awaitAll();
    double[] toReceipt =
        new Latencies(run.connection(), committed).toReceipt(run.arrivals(), seq -> true);
    Latencies.add(figures, "commit to receipt at %,d/s".formatted(RATE), toReceipt);
  }

  private void grow(Bench bench, Run run, OutboxWorker worker) throws SQLException {
    bench.progress().say("  growing to %,d rows in each log".formatted(logRows));
    worker.subscribe(
        run.connection(),
        bench.ground(),
        new Audience(audience.tenants() + idleTenants, 1),
        audience.tenants(),
        idleTenants);
    Ground.execute(
        run.connection(),
        """
        select webhooks.add_log_partition(log, (now() at time zone 'UTC')::date - behind)
        from unnest(array['event_log', 'delivery_log']) log, generate_series(1, %d) behind
        """
            .formatted(DAYS));
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
      long first = (long) logRows * chunk / CHUNKS;
      long end = (long) logRows * (chunk + 1) / CHUNKS;
      Ground.execute(run.connection(), eventLog(first, end));
      Ground.execute(run.connection(), deliveryLog(first, end));
      bench.progress().say("  %,d of %,d rows".formatted(end, logRows));
    }
    run.settle();
  }

  /** Ids of the days before today, spread evenly. */
  private String id(String seq) {
    return """
    (lpad(to_hex((extract(epoch from date_trunc('day', now() at time zone 'UTC')) * 1000
      - %d * 86400000::bigint + (%s) * 86400000::bigint * %d / %d)::bigint), 12, '0') || '7000'
      || to_hex((-9223372036854775808)::bigint | (%s)))::uuid\
    """
        .formatted(DAYS, seq, DAYS, logRows, seq);
  }

  private String eventLog(long first, long end) {
    return """
    insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
    select %s, %s, 'invoice.created', 'invoice', 'inv-' || seq, %s::json, now() - interval '1 day'
    from generate_series(%d::bigint, %d) seq
    """
        .formatted(
            id("seq"),
            EventId.tenantSql("(seq % " + audience.tenants() + ")::int"),
            Audience.dataSql("seq"),
            first,
            end - 1);
  }

  private String deliveryLog(long first, long end) {
    return """
    insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, url, status,
      attempts, http_status, duration_ms, created_at, finished_at)
    select %1$s, %1$s, s.id, s.tenant_id, 'invoice.created', s.url,
      case when seq %% 100 = 0 then 'failed' else 'delivered' end, 1, 200, 12,
      now() - interval '1 day', now() - interval '1 day'
    from generate_series(%2$d::bigint, %3$d) seq
    join (select id, tenant_id, url, row_number() over (order by id) - 1 as nr
      from webhooks.subscription order by id limit %4$d) s on s.nr = seq %% %4$d
    """
        .formatted(id("seq"), first, end - 1, audience.subscriptions());
  }
}
