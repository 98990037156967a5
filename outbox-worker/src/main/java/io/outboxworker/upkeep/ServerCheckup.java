package io.outboxworker.upkeep;

import static io.outboxworker.upkeep.Finding.note;
import static io.outboxworker.upkeep.Finding.ok;
import static io.outboxworker.upkeep.Finding.problem;

import io.outboxworker.database.Sessions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Jdbi;

/** The part of a {@link Checkup} that is about PostgreSQL itself: what makes everything slow. */
final class ServerCheckup {
  private static final Duration OLD_SNAPSHOT = Duration.ofMinutes(10);
  private static final int FEW_CONNECTIONS = 10;

  private final Jdbi jdbi;

  ServerCheckup(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    snapshots(findings);
    vacuum(findings);
    indexes(findings);
    connections(findings);
    return findings;
  }

  private void snapshots(List<Finding> findings) {
    Sessions sessions = new Sessions(jdbi);
    if (!sessions.seesAll()) {
      findings.add(
          note(
              "snapshots",
              "other users' transactions are not seen; grant pg_read_all_stats to this one"));
    }
    List<Sessions.Holder> holders = sessions.holders(OLD_SNAPSHOT);
    for (Sessions.Holder holder : holders) {
      findings.add(
          problem(
              "snapshots",
              "pid %d of %s (%s, %s) has held a snapshot for %d min"
                  .formatted(
                      holder.pid(),
                      holder.user(),
                      holder.application(),
                      holder.state(),
                      holder.age().toMinutes()),
              "vacuum can't clear the hot tables meanwhile; end it, or: select"
                  + " pg_terminate_backend(%d)".formatted(holder.pid())));
    }
    long prepared =
        number("select count(*) from pg_prepared_xacts where database = current_database()");
    if (prepared > 0) {
      findings.add(
          problem(
              "snapshots",
              prepared + " prepared transactions were never ended",
              "sql/operator/snapshots.sql names them: commit prepared or rollback prepared"));
    }
    if (holders.isEmpty() && prepared == 0) {
      findings.add(ok("snapshots", "none is older than ten minutes"));
    }
  }

  private void vacuum(List<Finding> findings) {
    if (number(
            "select count(*) from pg_settings where name in ('autovacuum', 'track_counts') and"
                + " setting = 'off'")
        > 0) {
      findings.add(problem("vacuum", "autovacuum is off", "set autovacuum and track_counts to on"));
    }
    List<String> bloated =
        texts(
            """
            select relname || ' has ' || n_dead_tup || ' dead rows' from pg_stat_user_tables
            where schemaname = 'webhooks' and relname in ('outbox', 'delivery', 'scheduled_tasks')
              and n_dead_tup > greatest(100000, 2 * n_live_tup)
            """);
    bloated.forEach(text ->
        findings.add(
            problem(
                "vacuum",
                text,
                "something holds an old snapshot (see `snapshots`), or all autovacuum workers are"
                    + " busy: raise autovacuum_max_workers")));
    if (bloated.isEmpty()) {
      findings.add(ok("vacuum", "the hot tables are clean"));
    }
  }

  private void indexes(List<Finding> findings) {
    texts(
            "select c.relname from pg_index i join pg_class c on c.oid ="
                + " i.indexrelid where not indisvalid and c.relnamespace ="
                + " 'webhooks'::regnamespace")
        .forEach(index ->
            findings.add(
                problem(
                    "schema",
                    "the index webhooks." + index + " is not valid: its making was interrupted",
                    "reindex index concurrently webhooks." + index)));
  }

  private void connections(List<Finding> findings) {
    long free =
        number(
            "select current_setting('max_connections')::int - (select count(*) from"
                + " pg_stat_activity where backend_type = 'client backend')");
    findings.add(
        free > FEW_CONNECTIONS
            ? ok("connections", free + " are free")
            : problem(
                "connections",
                "only %d of max_connections are free".formatted(free),
                "raise max_connections, or lower OUTBOX_DATABASE_POOL_SIZE"));
  }

  private long number(String sql) {
    return jdbi.withHandle(handle -> handle.createQuery(sql).mapTo(long.class).one());
  }

  private List<String> texts(String sql) {
    return jdbi.withHandle(handle -> handle.createQuery(sql).mapTo(String.class).list());
  }
}
