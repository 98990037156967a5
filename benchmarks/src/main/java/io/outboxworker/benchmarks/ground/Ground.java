package io.outboxworker.benchmarks.ground;

import io.outboxworker.cli.CommandMisused;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The PostgreSQL and the receiver that all runs share; every run has a database of its own. */
public final class Ground implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Ground.class);
  private static final String ADMIN = "postgres";

  private final RunFolder folder;
  private final @Nullable Postgres embedded;
  private final ServerUrl server;
  private final Receiver receiver;
  private final Connection admin;
  private final long postmaster;
  private int databases;

  private Ground(RunFolder folder, @Nullable Postgres embedded, ServerUrl server)
      throws IOException, SQLException {
    this.folder = folder;
    this.embedded = embedded;
    this.server = server;
    this.receiver = new Receiver();
    this.admin = server.reach(ADMIN);
    server.requireReadable(admin);
    this.postmaster = postmaster(number(admin, "select pg_backend_pid()"));
    execute(admin, "create extension if not exists pg_stat_statements");
    // Where the program is ended from outside; after a regular end there is nothing left to do.
    Runtime.getRuntime().addShutdownHook(new Thread(this::remove));
  }

  private static long postmaster(long backend) {
    // Else the CPU time of a stranger would stand in the tables.
    if (ProcessUse.isMeasurable() && !ProcessUse.name(backend).equals("postgres")) {
      throw new CommandMisused(
          "the server must run on this machine, where its processes can be seen in /proc");
    }
    return ProcessUse.parent(backend);
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
      return new Ground(folder, postgres, new ServerUrl(postgres.adminUrl("")));
    } catch (SQLException | RuntimeException e) {
      postgres.close();
      folder.close();
      throw e;
    }
  }

  /** Takes a server that runs on this machine already, with the settings that it has. */
  public static Ground over(ServerUrl server) throws IOException, SQLException {
    RunFolder folder = RunFolder.create("benchmarks");
    try {
      return new Ground(folder, null, server);
    } catch (SQLException | RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /** What of postgresql.conf differs from the defaults and bears on speed. */
  public Map<String, String> settings() throws SQLException {
    return server.settings(admin);
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
    String name = "outbox_bench_%d_%d".formatted(ProcessHandle.current().pid(), ++databases);
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
    return server.url(database);
  }

  /** The same as a {@code jdbc:} URL. */
  public String jdbcUrl(String database) {
    return server.jdbcUrl(database);
  }

  /** A connection to that database, which the caller closes. */
  public Connection connect(String database) throws SQLException {
    return server.connect(database);
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
        ProcessUse.cpuSecondsWithChildren(postmaster),
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
        embedded) {
      log.debug("removing {}", folder);
    } catch (IOException | UncheckedIOException e) {
      // PostgreSQL removes its files at the same time.
      log.warn("PostgreSQL's data may be left: {}; the next run removes them", e.getMessage());
    }
  }

  @Override
  public void close() throws IOException, SQLException {
    try (folder;
        embedded;
        receiver) {
      admin.close();
    }
  }
}
