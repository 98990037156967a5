package io.outboxworker.testing;

import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseSettings;
import org.jspecify.annotations.Nullable;

/**
 * A database with a month of log: {@code -Dlog.rows} deliveries. With {@code -Dlog.database} it is
 * that one, a JDBC URL of a migrated database, which is filled once and stays for the next run.
 */
public final class MonthOfLog implements AutoCloseable {
  /** How many deliveries are in the log. */
  public static final int ROWS = Integer.getInteger("log.rows", 20_000);

  /** What figures are promised for. */
  public static final int MEASURED_ROWS = 10_000_000;

  private final @Nullable TestDatabase embedded;
  private final Database pool;
  private final Database tenants;
  private final String url;

  public MonthOfLog() {
    String given = System.getProperty("log.database");
    embedded = given == null ? TestDatabase.create() : null;
    url = embedded == null ? String.valueOf(given) : embedded.jdbcUrl();
    DatabaseSettings settings =
        embedded == null ? new DatabaseSettings(url, null, null) : embedded.settings();
    pool = Database.open(settings, "month-of-log", 2, null);
    tenants = Database.openForTenants(settings, "tenants-of-month", 2, null);
    boolean empty =
        pool.jdbi()
            .withHandle(handle ->
                handle
                    .createQuery("select not exists (select from delivery_log)")
                    .mapTo(boolean.class)
                    .one());
    if (empty) {
      LogRows.fill(pool.jdbi(), ROWS);
    }
  }

  public Database pool() {
    return pool;
  }

  /** As the API has it, with row level security. */
  public Database tenants() {
    return tenants;
  }

  public String jdbcUrl() {
    return url;
  }

  @Override
  public void close() {
    tenants.close();
    pool.close();
    if (embedded != null) {
      embedded.close();
    }
  }
}
