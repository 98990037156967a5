package io.outboxworker.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;
import org.jspecify.annotations.Nullable;

/** The versions of the schema {@code webhooks}: what the database has, what this program needs. */
public final class Migrations {
  private final Flyway flyway;

  public Migrations(DatabaseSettings settings) {
    FluentConfiguration config =
        Flyway.configure()
            .dataSource(settings.jdbcUrl(), settings.user(), settings.password())
            .locations("classpath:db/migration")
            .defaultSchema("webhooks")
            .createSchemas(true)
            .validateMigrationNaming(true)
            .cleanDisabled(true)
            .connectRetries(10)
            .jdbcProperties(Map.of("ApplicationName", "outbox-worker/migrate"));
    // The default lock holds a transaction open, and a later `create index concurrently` would wait
    // for it for ever.
    PostgreSQLConfigurationExtension postgres =
        config.getConfigurationExtension(PostgreSQLConfigurationExtension.class);
    postgres.setTransactionalLock(false);
    flyway = config.load();
  }

  /**
   * Brings the schema to the version of this program and returns how many migrations that took;
   * safe when several programs do it at once.
   *
   * @throws MigrationFailed with the reason, and nothing of the failed migration is left
   */
  public int migrate() {
    try {
      return flyway.migrate().migrationsExecuted;
    } catch (FlywayException e) {
      throw new MigrationFailed(SqlFault.describe(e), e);
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
