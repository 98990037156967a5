package io.outboxworker.upkeep;

import static io.outboxworker.upkeep.Finding.note;
import static io.outboxworker.upkeep.Finding.ok;
import static io.outboxworker.upkeep.Finding.problem;

import io.outboxworker.metrics.DatabaseMetrics.LogState;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Jdbi;

/**
 * Looks at a migrated database for whatever keeps deliveries from happening, or soon will. Reads
 * little, changes nothing, and needs no more rights than a worker has.
 */
public final class Checkup {
  private static final Duration OLD_EVENT = Duration.ofMinutes(1);

  private final Jdbi jdbi;
  private final Retention retention;
  private final Logs logs;

  public Checkup(Jdbi jdbi, Retention retention) {
    this.jdbi = jdbi;
    this.retention = retention;
    this.logs = new Logs(jdbi);
  }

  /** Everything there is to say, in the order in which to read it. */
  public List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    workers(findings);
    outbox(findings);
    deliveries(findings);
    timers(findings);
    subscriptions(findings);
    Logs.NAMES.forEach(log -> partitions(log, findings));
    findings.addAll(new ServerCheckup(jdbi).findings());
    return findings;
  }

  private void workers(List<Finding> findings) {
    long workers =
        number(
            """
            select count(distinct (client_addr, application_name, split_part(application_name, '/', 2)))
            from pg_stat_activity
            where datname = current_database() and application_name ~ '^outbox-worker/(.*-)?worker$'
            """);
    findings.add(
        workers > 0
            ? ok(
                "workers",
                workers == 1
                    ? "workers are connected from one address"
                    : "workers are connected from %d addresses".formatted(workers))
            : problem(
                "workers",
                "no worker is connected: events wait in the outbox",
                "start one: outbox work; if one runs, its OUTBOX_DATABASE_URL is another"
                    + " database"));
  }

  private void outbox(List<Finding> findings) {
    long age =
        number(
            "select coalesce((select extract(epoch from now() - occurred_at) from outbox order by"
                + " id limit 1), 0)::bigint");
    long rows = number("select count(*) from (select from outbox limit 1000000) counted");
    String text = "%d events wait, the oldest for %d s".formatted(rows, Math.max(0, age));
    findings.add(
        age > OLD_EVENT.toSeconds() && rows > 0
            ? problem(
                "outbox",
                text,
                "see `workers` above and the workers' logs: a row that is passed over is told"
                    + " there, sql/operator/waiting.sql shows whose events wait")
            : ok("outbox", text));
  }

  private void deliveries(List<Finding> findings) {
    long stale =
        number("select count(*) from delivery where lease_until < now() - interval '1 min'");
    if (stale > 0) {
      findings.add(
          problem(
              "deliveries",
              "the leases of %d deliveries ended more than a minute ago".formatted(stale),
              "a worker parks them within a second, so none runs: see `workers` above"));
    }
    long parked = number("select count(*) from delivery where lease_until is null");
    findings.add(
        parked <= 10_000
            ? ok("deliveries", "%d are parked".formatted(parked))
            : problem(
                "deliveries",
                "%d are parked: the lanes of their subscriptions are full".formatted(parked),
                "sql/operator/waiting.sql shows whose; a slow endpoint parks its own alone,"
                    + " otherwise raise max_in_flight or start more workers"));
  }

  private void timers(List<Finding> findings) {
    long late =
        number(
            "select count(*) from scheduled_tasks where not picked and execution_time < now() -"
                + " interval '1 min'");
    findings.add(
        late == 0
            ? ok("retries", "none is overdue")
            : problem(
                "retries",
                "%d fell due more than a minute ago".formatted(late),
                "a worker takes them within 100 ms, so none runs, or its timer can't poll: see the"
                    + " workers' logs"));
  }

  private void subscriptions(List<Finding> findings) {
    List<String> failing =
        texts(
            """
            select format('%s (%s) has failed since %s', id, url, date_trunc('second', failing_since))
            from subscription where active and failing_since < now() - interval '10 min'
            order by failing_since limit 10
            """);
    failing.forEach(text ->
        findings.add(
            problem(
                "subscriptions",
                text,
                "sql/operator/failed.sql shows why; its owner has to mend the endpoint, then:"
                    + " outbox replay")));
    texts(
            """
            select format('%s (%s) was disabled at %s: %s', id, url, date_trunc('second', disabled_at), disabled_reason)
            from subscription where deleted_at is null and disabled_at > now() - interval '7 days'
            order by disabled_at desc limit 10
            """)
        .forEach(text -> findings.add(note("subscriptions", text)));
    if (failing.isEmpty()) {
      findings.add(
          ok(
              "subscriptions",
              number("select count(*) from subscription where active")
                  + " are active, none fails"));
    }
  }

  private void partitions(String log, List<Finding> findings) {
    LocalDate today = logs.today();
    List<LocalDate> days = logs.days(log);
    LogState state = logs.state(log);
    if (!days.contains(today) || state.partitionsAhead() < 1) {
      findings.add(
          problem(
              "partitions",
              "%s has no partition for today or tomorrow".formatted(log),
              "a worker makes them every ten minutes: start one, or see why it can't in its log"));
    }
    LocalDate due = Logs.keptFrom(today, retention.of(log)).minusDays(1);
    if (!days.isEmpty() && days.getFirst().isBefore(due)) {
      findings.add(
          problem(
              "partitions",
              "%s still has %s, which is older than the retention"
                  .formatted(log, Logs.partition(log, days.getFirst())),
              "an event of that day is still needed by a delivery (sql/operator/stuck.sql), or no"
                  + " lock was to be had: see the workers' logs"));
    }
    if (state.strayRows() > 0) {
      findings.add(
          problem(
              "partitions",
              "%d rows of %s lie in the default partition".formatted(state.strayRows(), log),
              "a worker moves those of recent days and deletes old ones; what stays has ids far in"
                  + " the future, which a producer made: sql/operator/sizes.sql"));
    }
    findings.add(
        ok(
            "partitions",
            "%s: %d days, %d ahead, %d MiB"
                .formatted(log, days.size(), state.partitionsAhead(), state.bytes() >> 20)));
  }

  private long number(String sql) {
    return jdbi.withHandle(handle -> handle.createQuery(sql).mapTo(long.class).one());
  }

  private List<String> texts(String sql) {
    return jdbi.withHandle(handle -> handle.createQuery(sql).mapTo(String.class).list());
  }
}
