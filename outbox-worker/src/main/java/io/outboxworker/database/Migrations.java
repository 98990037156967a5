package io.outboxworker.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The versions of the schema {@code webhooks}: what the database has, what this program needs. */
public final class Migrations {
  private static final Logger log = LoggerFactory.getLogger(Migrations.class);

  /** While a migration waits for a lock, traffic waits behind it: so long at most. */
  private static final Duration LOCK_WAIT = Duration.ofMillis(300);

  private static final Duration LOCK_RETRY_PAUSE = Duration.ofSeconds(1);
  private static final int LOCK_RETRIES = 90;

  /** Held while one program migrates. Ours, because Flyway asks for its own once a second. */
  static final long TURN = 0x6f7574626f78L;

  private static final Duration TURN_PAUSE = Duration.ofMillis(50);
  private static final Duration TURN_WAIT = Duration.ofMinutes(10);

  private final Flyway flyway;

  public Migrations(DatabaseSettings settings) {
    FluentConfiguration config =
        Flyway.configure()
            .dataSource(
                settings.withOptions("-c lock_timeout=" + LOCK_WAIT.toMillis()),
                settings.user(),
                settings.password())
            .locations("classpath:db/migration")
            .defaultSchema("webhooks")
            .createSchemas(true)
            .validateMigrationNaming(true)
            .cleanDisabled(true)
            .connectRetries(10)
            .connectRetriesInterval(2)
            .jdbcProperties(
                Map.of("ApplicationName", "outbox-worker/migrate", "tcpKeepAlive", "true"));
    // The default lock holds a transaction open, and a later `create index concurrently` would wait
    // for it for ever.
    PostgreSQLConfigurationExtension postgres =
        config.getConfigurationExtension(PostgreSQLConfigurationExtension.class);
    postgres.setTransactionalLock(false);
    flyway = config.load();
  }

  /**
   * Brings the schema to the version of this program and returns how many migrations that took;
   * safe when several programs do it at once, and while workers and producers go on. A lock that
   * somebody holds is asked for again and again, for two minutes.
   *
   * @throws MigrationFailed with the reason, and nothing of the failed migration is left
   */
  public int migrate() {
    int pending = pending().size();
    try (Connection turn = flyway.getConfiguration().getDataSource().getConnection()) {
      boolean waited = awaitTurn(turn);
      return migrateAlone(waited ? pending().size() : pending);
    } catch (SQLException e) {
      throw new MigrationFailed(SqlFault.describe(e), e);
    }
  }

  /**
   * Asks again and again instead of waiting in one statement, whose snapshot a {@code create index
   * concurrently} of whoever migrates would wait for. Returns whether it had to.
   */
  private static boolean awaitTurn(Connection connection) throws SQLException {
    long deadline = System.nanoTime() + TURN_WAIT.toNanos();
    boolean waited = false;
    try (Statement statement = connection.createStatement()) {
      while (!isTurn(statement)) {
        if (System.nanoTime() - deadline > 0) {
          throw new SQLException(
              "another program has been migrating for %d minutes".formatted(TURN_WAIT.toMinutes()));
        }
        waited = true;
        pause(TURN_PAUSE);
      }
    }
    return waited;
  }

  private static boolean isTurn(Statement statement) throws SQLException {
    try (ResultSet locked =
        statement.executeQuery("select pg_try_advisory_lock(%d)".formatted(TURN))) {
      return locked.next() && locked.getBoolean(1);
    }
  }

  private int migrateAlone(int pendingBefore) {
    int pending = pendingBefore;
    int applied = 0;
    for (int retries = 0; ; retries++) {
      try {
        return applied + flyway.migrate().migrationsExecuted;
      } catch (FlywayException e) {
        if (!SqlFault.isLockTimeout(e) || retries == LOCK_RETRIES) {
          throw new MigrationFailed(SqlFault.describe(e), e);
        }
        log.atWarn()
            .addKeyValue("again_in_ms", LOCK_RETRY_PAUSE.toMillis())
            .addKeyValue("error", SqlFault.describe(e))
            .log("migration waits for a lock");
        pause(LOCK_RETRY_PAUSE);
        applied += pending - pending().size();
        pending = pending().size();
      }
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

  /**
   * What is wrong with the schema's version, or null where this program can work with it: a schema
   * may be newer, because a migration never takes away what the release before it uses.
   */
  public @Nullable String fault() {
    List<MigrationInfo> pending = pending();
    if (pending.isEmpty()) {
      return null;
    }
    MigrationInfo current = flyway.info().current();
    String found = current == null ? "none" : String.valueOf(current.getVersion());
    return "the schema \"webhooks\" has version %s, this program needs %s; run: outbox migrate"
        .formatted(found, pending.getLast().getVersion());
  }

  private List<MigrationInfo> pending() {
    return Arrays.stream(flyway.info().all())
        .filter(m -> m.getState().isResolved() && !m.getState().isApplied())
        .toList();
  }

  private static void pause(Duration length) {
    try {
      Thread.sleep(length);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while migrating", e);
    }
  }
}
