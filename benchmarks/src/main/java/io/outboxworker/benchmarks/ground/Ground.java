package io.outboxworker.benchmarks.ground;

import io.outboxworker.demo.Postgres;
import io.outboxworker.demo.RunFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The PostgreSQL and the receiver that all runs share; every run has a database of its own. */
public final class Ground implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Ground.class);
  private static final String ADMIN = "postgres";

  private final RunFolder folder;
  private final Postgres postgres;
  private final Receiver receiver;
  private final Map<String, String> settings;
  private final Connection admin;
  private int databases;

  private Ground(RunFolder folder, Postgres postgres, Map<String, String> settings)
      throws IOException, SQLException {
    this.folder = folder;
    this.postgres = postgres;
    this.settings = settings;
    this.receiver = new Receiver();
    this.admin = postgres.connectAsAdmin(ADMIN);
    execute(admin, "create extension pg_stat_statements");
    // Where the program is ended from outside; after a regular end there is nothing left to do.
    Runtime.getRuntime().addShutdownHook(new Thread(this::remove));
  }

  /**
   * Starts PostgreSQL, as durable as it is by default.
   *
   * @param sharedBuffers its {@code shared_buffers}
   */
  public static Ground open(String sharedBuffers) throws IOException, SQLException {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("shared_buffers", sharedBuffers);
    settings.put("max_wal_size", "4GB");
    settings.put("max_connections", "200");
    settings.put("shared_preload_libraries", "pg_stat_statements");
    // So that the commit of each event and of each record can be told to the microsecond.
    settings.put("track_commit_timestamp", "on");
    RunFolder folder = RunFolder.create("benchmarks");
    Postgres postgres = new Postgres(folder, settings);
    try {
      postgres.start();
      return new Ground(folder, postgres, settings);
    } catch (SQLException | RuntimeException e) {
      postgres.close();
      folder.close();
      throw e;
    }
  }

  /** What of postgresql.conf differs from the defaults. */
  public Map<String, String> settings() {
    return settings;
  }

  /** The server's version. */
  public String version() throws SQLException {
    return admin.getMetaData().getDatabaseProductVersion();
  }

  public Receiver receiver() {
    return receiver;
  }

  /** A file of this run, gone at its end. */
  public Path file(String name) {
    return folder.file(name);
  }

  /** Makes an empty database and returns its name. */
  public String createDatabase() throws SQLException {
    String name = "run_" + ++databases;
    execute(admin, "create database " + name);
    return name;
  }

  /** Drops a database, whoever is connected to it. */
  public void dropDatabase(String name) throws SQLException {
    execute(admin, "drop database " + name + " with (force)");
  }

  /** Writes out all that is dirty, so that every run begins alike. */
  public void checkpoint() throws SQLException {
    execute(admin, "checkpoint");
  }

  /** Where that database is, for the server's administrator: {@code postgresql://…}. */
  public String url(String database) {
    return postgres.adminUrl(database);
  }

  /** The same as a {@code jdbc:} URL. */
  public String jdbcUrl(String database) {
    return url(database)
        .replaceFirst("^postgresql://(.*):(.*)@(.*)$", "jdbc:postgresql://$3?user=$1&password=$2");
  }

  /** A connection to that database, which the caller closes. */
  public Connection connect(String database) throws SQLException {
    return postgres.connectAsAdmin(database);
  }

  /** Runs a statement in a transaction of its own. */
  public static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The only column of the only row. */
  public static long number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  /**
   * What everything has used up to now.
   *
   * @param database the one whose statements are counted
   * @param pid the process that delivers; 0 where none runs yet
   */
  public Reading read(String database, long pid) throws SQLException, IOException {
    return new Reading(
        Clock.micros(),
        pid == 0 ? 0 : ProcessUse.cpuSeconds(pid),
        ProcessUse.cpuSecondsWithChildren(postgres.pid()),
        receiver.cpuSeconds(),
        number(admin, "select pg_current_wal_insert_lsn() - '0/0'"),
        number(
            admin,
            """
            select coalesce(sum(calls), 0) from pg_stat_statements
            where dbid = (select oid from pg_database where datname = '%s')
            """
                .formatted(database)),
        number(admin, "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint"));
  }

  private void remove() {
    try (folder;
        postgres) {
      log.debug("removing {}", folder);
    } catch (IOException | UncheckedIOException e) {
      // PostgreSQL removes its files at the same time.
      log.warn("PostgreSQL's data may be left: {}; the next run removes them", e.getMessage());
    }
  }

  @Override
  public void close() throws IOException, SQLException {
    try (folder;
        postgres;
        receiver) {
      admin.close();
    }
  }
}
