package io.outboxworker.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.callback.BaseCallback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The versions of the schema {@code webhooks}: what the database has, what this program needs. */
public final class Migrations {
  private static final Logger log = LoggerFactory.getLogger(Migrations.class);

  /** A migration that waits for a lock holds up everybody behind it, the producers first. */
  private static final Duration LOCK_TIMEOUT = Duration.ofMillis(300);

  /** Long enough for whoever queued up behind a failed try. */
  private static final Duration TRY_AGAIN = Duration.ofSeconds(1);

  private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

  /** Over all tries of a call: what was applied before a lock was missing stays. */
  private static final class Applied extends BaseCallback {
    private int migrations;

    @Override
    public boolean supports(Event event, Context context) {
      return event == Event.AFTER_EACH_MIGRATE;
    }

    @Override
    public void handle(Event event, Context context) {
      migrations++;
    }
  }

  private final Applied applied = new Applied();
  private final Flyway flyway;

  public Migrations(DatabaseSettings settings) {
    this(settings, "classpath:db/migration");
  }

  Migrations(DatabaseSettings settings, String... locations) {
    FluentConfiguration config =
        Flyway.configure()
            .dataSource(settings.jdbcUrl(), settings.user(), settings.password())
            .locations(locations)
            .defaultSchema("webhooks")
            .createSchemas(true)
            .validateMigrationNaming(true)
            .cleanDisabled(true)
            .connectRetries(10)
            .callbacks(applied)
            .jdbcProperties(
                Map.of(
                    "ApplicationName",
                    "outbox-worker/migrate",
                    "options",
                    "-c lock_timeout=" + LOCK_TIMEOUT.toMillis()));
    // The default lock holds a transaction open, and a later `create index concurrently` would wait
    // for it for ever.
    PostgreSQLConfigurationExtension postgres =
        config.getConfigurationExtension(PostgreSQLConfigurationExtension.class);
    postgres.setTransactionalLock(false);
    flyway = config.load();
  }

  /**
   * Brings the schema to the version of this program and returns how many migrations that took;
   * safe when several programs do it at once. No producer waits for it longer than 300 ms: a
   * migration that cannot get its locks in that time is undone and tried again, for ten minutes.
   *
   * @throws MigrationFailed with the reason, and nothing of the failed migration is left
   */
  public int migrate() {
    long deadline = System.nanoTime() + LONGEST_WAIT.toNanos();
    applied.migrations = 0;
    for (boolean told = false; ; told = true) {
      try {
        flyway.migrate();
        return applied.migrations;
      } catch (FlywayException e) {
        if (!SqlFault.isLockTimeout(e) || System.nanoTime() - deadline > 0) {
          throw new MigrationFailed(SqlFault.describe(e), e);
        }
        if (!told) {
          log.warn("migrations wait for a lock that another transaction holds, trying again");
        }
        pause(e);
      }
    }
  }

  private static void pause(FlywayException cause) {
    try {
      Thread.sleep(TRY_AGAIN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MigrationFailed("interrupted while waiting for a lock", cause);
    }
  }

  /**
   * Those of our roles that the cluster does not have, because whoever migrated may not make any;
   * nothing but grants waits for them.
   */
  public List<String> missingRoles() {
    try (Connection connection = flyway.getConfiguration().getDataSource().getConnection();
        Statement statement = connection.createStatement();
        ResultSet found =
            statement.executeQuery(
                """
                select role from unnest(array['webhooks_migrator', 'webhooks_worker', 'webhooks_producer',
                  'webhooks_reader']) role
                where not exists (select from pg_catalog.pg_roles where rolname = role)
                """)) {
      List<String> missing = new ArrayList<>();
      while (found.next()) {
        missing.add(found.getString(1));
      }
      return missing;
    } catch (SQLException e) {
      throw new MigrationFailed(SqlFault.describe(e), e);
    }
  }

  /** What is wrong with the schema's version, or null where it is exactly what is needed. */
  public @Nullable String fault() {
    String needed = newest(flyway.info().all());
    MigrationInfo current = flyway.info().current();
    String found = current == null ? "none" : String.valueOf(current.getVersion());
    if (found.equals(needed)) {
      return null;
    }
    return "the schema \"webhooks\" has version %s, this program needs %s; run: outbox migrate"
        .formatted(found, needed);
  }

  private static String newest(MigrationInfo[] migrations) {
    return String.valueOf(migrations[migrations.length - 1].getVersion());
  }
}
