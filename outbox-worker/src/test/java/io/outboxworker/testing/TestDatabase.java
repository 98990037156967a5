package io.outboxworker.testing;

import io.outboxworker.database.DatabaseSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.jspecify.annotations.Nullable;

/**
 * A migrated, empty database of its own for one test, on an embedded PostgreSQL that all tests of
 * the JVM share; safe to create from several threads.
 *
 * <p>Roles belong to the server and not to the database: a test that creates one uses a name of its
 * own and drops it.
 */
public final class TestDatabase implements AutoCloseable {
  /** The ends of the range of PostgreSQL versions that are supported. */
  public enum Version {
    NEWEST,
    OLDEST
  }

  /** The superuser of the embedded servers; it has no password. */
  public static final String SUPERUSER = "postgres";

  private static final AtomicInteger CREATED = new AtomicInteger();

  private final TestPostgres server;
  private final String name;
  private final Jdbi jdbi;

  private TestDatabase(TestPostgres server, String name) {
    this.server = server;
    this.name = name;
    this.jdbi = Jdbi.create(jdbcUrl()).installPlugin(new PostgresPlugin());
  }

  /** Returns a fresh database on the newest PostgreSQL, in about 35 ms once the server runs. */
  public static TestDatabase create() {
    return create(Version.NEWEST);
  }

  /** Returns a fresh database on that version, in about 35 ms once the server runs. */
  public static TestDatabase create(Version version) {
    TestPostgres server = TestPostgres.of(version);
    String name = "test_" + CREATED.incrementAndGet();
    server.admin("create database " + name + " template " + TestPostgres.TEMPLATE);
    return new TestDatabase(server, name);
  }

  /** Returns a fresh database on that version with nothing in it: no schema, no migrations. */
  public static TestDatabase createEmpty(Version version) {
    TestPostgres server = TestPostgres.of(version);
    String name = "test_" + CREATED.incrementAndGet();
    server.admin("create database " + name);
    return new TestDatabase(server, name);
  }

  /** Returns a {@code jdbc:postgresql:} URL that logs in as superuser. */
  public String jdbcUrl() {
    return jdbcUrl(SUPERUSER);
  }

  /** Returns a {@code jdbc:postgresql:} URL that logs in as that role. */
  public String jdbcUrl(String user) {
    return server.jdbcUrl(name, user);
  }

  /** Returns a {@code postgresql:} URL, as psql and our own configuration take it. */
  public String psqlUrl() {
    return psqlUrl(SUPERUSER);
  }

  /** Returns a {@code postgresql:} URL that logs in as that role. */
  public String psqlUrl(String user) {
    return "postgresql://%s@localhost:%d/%s".formatted(user, server.port(), name);
  }

  /** Returns what the worker's own {@code Database} and {@code Migrations} are opened with. */
  public DatabaseSettings settings() {
    return server.settings(name);
  }

  /** Returns a Jdbi that opens a connection per handle, with the PostgreSQL types installed. */
  public Jdbi jdbi() {
    return jdbi;
  }

  /** Opens a connection as superuser, which the caller closes. */
  public Connection connection() throws SQLException {
    return DriverManager.getConnection(jdbcUrl());
  }

  /** Opens a connection as that role, which the caller closes. */
  public Connection connection(String user) throws SQLException {
    return DriverManager.getConnection(jdbcUrl(user));
  }

  /** Runs statements as superuser, in one transaction of their own. */
  public void exec(String sql) {
    TestPostgres.run(jdbcUrl(), sql);
  }

  /** Returns the first column of the only row, as text; null where it is null. */
  public @Nullable String text(String sql) {
    return jdbi.withHandle(h -> h.createQuery(sql).mapTo(String.class).one());
  }

  /** Returns the first column of every row, as text. */
  public List<String> texts(String sql) {
    return jdbi.withHandle(h -> h.createQuery(sql).mapTo(String.class).list());
  }

  /** Returns the first column of the only row, as a number. */
  public long number(String sql) {
    return jdbi.withHandle(h -> h.createQuery(sql).mapTo(Long.class).one());
  }

  /** Drops the database, and ends whoever is still connected to it. */
  @Override
  public void close() {
    server.admin("drop database if exists " + name + " with (force)");
  }

  @Override
  public String toString() {
    return psqlUrl();
  }
}
