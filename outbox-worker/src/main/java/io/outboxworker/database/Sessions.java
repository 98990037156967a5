package io.outboxworker.database;

import java.time.Duration;
import java.util.List;
import org.jdbi.v3.core.Jdbi;

/**
 * Who else is connected to the database, and holds it up. Without the role pg_read_all_stats only
 * the user's own sessions are seen. Thread-safe.
 */
public final class Sessions {
  /** A transaction that holds a snapshot: who, for how long, and what it did last. */
  public record Holder(int pid, String user, String application, String state, Duration age) {}

  private final Jdbi jdbi;

  public Sessions(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** How old the oldest transaction is that holds a snapshot; zero where there is none. */
  public Duration longestTransaction() {
    return holders(Duration.ZERO).stream().map(Holder::age).findFirst().orElse(Duration.ZERO);
  }

  /** Transactions that have held a snapshot for at least this long, oldest first, at most ten. */
  public List<Holder> holders(Duration atLeast) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select pid, usename, application_name, state,
                  extract(epoch from clock_timestamp() - xact_start) * 1000 as age_ms
                from pg_stat_activity
                where datname = current_database() and backend_xmin is not null and pid <> pg_backend_pid()
                  and xact_start <= clock_timestamp() - :at_least_ms * interval '1 ms'
                order by xact_start limit 10
                """)
            .bind("at_least_ms", atLeast.toMillis())
            .map((row, context) ->
                new Holder(
                    row.getInt("pid"),
                    String.valueOf(row.getString("usename")),
                    String.valueOf(row.getString("application_name")),
                    String.valueOf(row.getString("state")),
                    Duration.ofMillis(row.getLong("age_ms"))))
            .list());
  }

  /** Whether sessions of other users are seen. */
  public boolean seesAll() {
    return jdbi.withHandle(handle ->
        handle
            .createQuery("select pg_has_role('pg_read_all_stats', 'usage')")
            .mapTo(boolean.class)
            .one());
  }
}
