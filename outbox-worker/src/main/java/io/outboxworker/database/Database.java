package io.outboxworker.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.MetricsTrackerFactory;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import javax.sql.DataSource;
import org.jdbi.v3.core.ConnectionFactory;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.core.statement.StatementExceptions.MessageRendering;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One named pool of connections and the Jdbi over it. Opening never waits for the server, and a
 * server that goes away later only makes calls fail until it is back. Thread-safe.
 */
public final class Database implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Database.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  /** Only where the role exists and has its grants in this very database. */
  private static final String TAKE_WORKER_ROLE =
      """
      do $$
      begin
        if exists (select from pg_catalog.pg_roles
            where rolname = 'webhooks_worker' and pg_has_role(session_user, oid, 'member')
              and has_table_privilege(oid, to_regclass('webhooks.subscription'), 'update')) then
          set role webhooks_worker;
        end if;
      exception
        when insufficient_privilege then
          null;
      end $$
      """;

  private static final String SESSION =
      "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s";

  // Plans are kept, and the hot tables are often empty when one is made: without this it would read
  // them row by row later, when 100,000 wait.
  private static final String UNHURRIED =
      SESSION + " -c synchronous_commit=off -c enable_seqscan=off";

  // Nor should it gather all that a lane has parked, where its index gives the oldest first.
  private static final String HOT = UNHURRIED + " -c enable_bitmapscan=off";

  // A plan that is kept doesn't know how rare the values of a filter are, or that a tenant has half
  // of the log; to plan a page anew takes less than a wrong plan.
  private static final String FOR_TENANTS = SESSION + " -c plan_cache_mode=force_custom_plan";

  /** How long a statement may take, and how long a server may say nothing at all. */
  private enum Patience {
    USUAL("25s", "30"),

    /** A server that died without a word is left before the leases of what it works on are over. */
    LESS_THAN_A_LEASE("10s", "12");

    private final String statement;
    private final String socketSeconds;

    Patience(String statement, String socketSeconds) {
      this.statement = statement;
      this.socketSeconds = socketSeconds;
    }
  }

  private final HikariDataSource pool;
  private final Jdbi jdbi;

  private Database(HikariDataSource pool, ConnectionFactory connections) {
    this.pool = pool;
    this.jdbi = Jdbi.create(connections).installPlugin(new PostgresPlugin());
    // Its default repeats every argument, and among them are secrets and payloads.
    jdbi.getConfig(StatementExceptions.class).setMessageRendering(MessageRendering.NONE);
  }

  /**
   * A pool of at most {@code size} connections; {@code name} is seen in pg_stat_activity and, where
   * they are wanted, in the pool's metrics.
   */
  public static Database open(
      DatabaseSettings settings, String name, int size, @Nullable MetricsTrackerFactory metrics) {
    return open(config(settings, name, size, metrics, SESSION, Patience.USUAL));
  }

  /**
   * A pool whose commits don't wait for the disk. A crash of PostgreSQL undoes at most its last 0.6
   * s of them, whole transactions only: for what may be done again, never for what somebody was
   * told is done. Its statements have 10 s, since leases run out meanwhile.
   */
  public static Database openUnhurried(
      DatabaseSettings settings, String name, int size, @Nullable MetricsTrackerFactory metrics) {
    return open(config(settings, name, size, metrics, HOT, Patience.LESS_THAN_A_LEASE));
  }

  /** Like {@link #openUnhurried}, for statements that may take longer, and keep nobody waiting. */
  public static Database openForUpkeep(
      DatabaseSettings settings, String name, int size, @Nullable MetricsTrackerFactory metrics) {
    return open(config(settings, name, size, metrics, UNHURRIED, Patience.USUAL));
  }

  /** Like {@link #openUnhurried}, for few large statements: each is planned once a connection. */
  public static Database openForLargeStatements(
      DatabaseSettings settings, String name, int size, @Nullable MetricsTrackerFactory metrics) {
    String session = HOT + " -c plan_cache_mode=force_generic_plan";
    return open(config(settings, name, size, metrics, session, Patience.LESS_THAN_A_LEASE));
  }

  private static Database open(HikariConfig config) {
    HikariDataSource pool = new HikariDataSource(config);
    return new Database(pool, pool::getConnection);
  }

  /**
   * The same for what tenants ask for: each use of a connection is bound to the {@link TenantScope}
   * of its thread, by row level security and, where the login may take it, in the role {@code
   * webhooks_worker}, since security by rows does not hold for a superuser.
   */
  public static Database openForTenants(
      DatabaseSettings settings, String name, int size, @Nullable MetricsTrackerFactory metrics) {
    HikariConfig config = config(settings, name, size, metrics, FOR_TENANTS, Patience.USUAL);
    config.setConnectionInitSql(TAKE_WORKER_ROLE);
    HikariDataSource pool = new HikariDataSource(config);
    return new Database(pool, () -> bound(pool.getConnection()));
  }

  private static Connection bound(Connection connection) throws SQLException {
    try {
      TenantScope.tell(connection);
      return connection;
    } catch (SQLException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private static HikariConfig config(
      DatabaseSettings settings,
      String name,
      int size,
      @Nullable MetricsTrackerFactory metrics,
      String session,
      Patience patience) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(name);
    config.setJdbcUrl(
        settings.withOptions("-c statement_timeout=%s %s".formatted(patience.statement, session)));
    config.setUsername(settings.user());
    config.setPassword(settings.password());
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(Math.min(2, size));
    config.setInitializationFailTimeout(-1);
    // Else the pool asks its first connection, and one that breaks meanwhile leaves it with none:
    // it could set up no connection ever after. Statements that skip locks want this one anyway.
    config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    config.setConnectionTimeout(CONNECT_TIMEOUT.toMillis());
    config.setKeepaliveTime(Duration.ofMinutes(2).toMillis());
    config.setMaxLifetime(Duration.ofMinutes(25).toMillis());
    defaultProperties(name, patience)
        .forEach((property, value) -> addUnlessInUrl(config, settings, property, value));
    if (metrics != null) {
      config.setMetricsTrackerFactory(metrics);
    }
    return config;
  }

  /** Without these a dead peer would hold a connection for ever, and errors would show row data. */
  private static Map<String, String> defaultProperties(String name, Patience patience) {
    return Map.of(
        "ApplicationName", "outbox-worker/" + name,
        "currentSchema", "webhooks",
        "connectTimeout", "5",
        "loginTimeout", "5",
        "socketTimeout", patience.socketSeconds,
        "tcpKeepAlive", "true",
        "targetServerType", "primary",
        "logServerErrorDetail", "false");
  }

  private static void addUnlessInUrl(
      HikariConfig config, DatabaseSettings settings, String property, String value) {
    if (!settings.jdbcUrl().contains(property + "=")) {
      config.addDataSourceProperty(property, value);
    }
  }

  /** The one way to run SQL; statements name tables without their schema. */
  public Jdbi jdbi() {
    return jdbi;
  }

  /** For libraries that bring their own SQL, and for a {@link Question}. */
  public DataSource dataSource() {
    return pool;
  }

  /**
   * Waits until the database answers.
   *
   * @throws DatabaseUnreachable when it has not within {@code limit}, and at once where it refuses
   *     the login
   */
  public void awaitReachable(Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    for (boolean told = false; ; told = true) {
      try {
        knock();
        jdbi.useHandle(handle -> handle.execute("select 1"));
        return;
      } catch (RuntimeException | SQLException e) {
        if (System.nanoTime() - deadline > 0 || SqlFault.isRefusedLogin(e)) {
          throw new DatabaseUnreachable(SqlFault.describe(e));
        }
        if (!told) {
          log.atWarn()
              .addKeyValue("for_s", limit.toSeconds())
              .addKeyValue("error", SqlFault.describe(e))
              .log("waiting for the database");
        }
        Thread.sleep(200);
      }
    }
  }

  /** A pool keeps to itself why it gets no connection until its time to wait is over. */
  private void knock() throws SQLException {
    var properties = new Properties();
    properties.putAll(pool.getDataSourceProperties());
    if (pool.getUsername() != null) {
      properties.setProperty("user", pool.getUsername());
    }
    if (pool.getPassword() != null) {
      properties.setProperty("password", pool.getPassword());
    }
    DriverManager.getConnection(pool.getJdbcUrl(), properties).close();
  }

  @Override
  public void close() {
    pool.close();
  }
}
