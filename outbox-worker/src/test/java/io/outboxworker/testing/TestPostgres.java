package io.outboxworker.testing;

import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.Migrations;
import io.outboxworker.testing.TestDatabase.Version;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * One running PostgreSQL per version and JVM: started by the first test that asks, stopped by a
 * shutdown hook.
 */
final class TestPostgres {
  static final String TEMPLATE = "migrated";

  private static final Map<Version, TestPostgres> RUNNING = new EnumMap<>(Version.class);

  private final EmbeddedPostgres postgres;

  private TestPostgres(EmbeddedPostgres postgres) {
    this.postgres = postgres;
  }

  static synchronized TestPostgres of(Version version) {
    return RUNNING.computeIfAbsent(version, TestPostgres::start);
  }

  private static TestPostgres start(Version version) {
    try {
      EmbeddedPostgres.Builder builder =
          EmbeddedPostgres.builder()
              .setOverrideWorkingDirectory(workingDirectory().toFile())
              .setPGStartupWait(Duration.ofMinutes(1))
              .setServerConfig("fsync", "off")
              .setServerConfig("max_connections", "300")
              .setServerConfig("shared_buffers", "64MB")
              // Not UTC, so that nothing relies on the zone of a session.
              .setServerConfig("timezone", "Asia/Kathmandu");
      if (version == Version.OLDEST) {
        builder.setPgBinaryResolver((system, machine) -> oldestBinaries());
      }
      TestPostgres server = new TestPostgres(builder.start());
      server.admin("create database " + TEMPLATE);
      new Migrations(server.settings(TEMPLATE)).migrate();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException("PostgreSQL (" + version + ") did not start", e);
    }
  }

  int port() {
    return postgres.getPort();
  }

  String jdbcUrl(String database, String user) {
    return "jdbc:postgresql://localhost:%d/%s?user=%s".formatted(port(), database, user);
  }

  DatabaseSettings settings(String database) {
    return new DatabaseSettings(jdbcUrl(database, TestDatabase.SUPERUSER), null, null);
  }

  /** Runs a statement that needs no transaction around it, outside of the tests' databases. */
  void admin(String sql) {
    run(jdbcUrl("postgres", TestDatabase.SUPERUSER), sql);
  }

  static void run(String url, String sql) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage() + " in: " + sql, e);
    }
  }

  /**
   * Where binaries are unpacked and data lives: the user's cache, never the shared temporary
   * folder, where another user could replace what we run.
   */
  private static Path workingDirectory() throws IOException {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path home = Path.of(System.getProperty("user.home"));
    Path wanted = cache == null || cache.isBlank() ? home.resolve(".cache") : Path.of(cache);
    try {
      return Files.createDirectories(closed(wanted.resolve("outbox")).resolve("postgres"));
    } catch (IOException e) {
      // A user without a home of their own: the build folder is theirs, or there were no classes.
      return Files.createDirectories(closed(target().resolve("outbox")).resolve("postgres"));
    }
  }

  /** Only its owner may enter: the library opens the folder below it to everybody. */
  private static Path closed(Path directory) throws IOException {
    Files.createDirectories(directory);
    return Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
  }

  /**
   * Opens the archive that the build copied. It can't be on the class path: the jars of all
   * versions hold it under one name.
   */
  private static InputStream oldestBinaries() throws IOException {
    Path jar = target().resolve("postgres-oldest/postgres.jar");
    if (!Files.exists(jar)) {
      throw new IOException(jar + " is missing: run ./mvnw generate-test-resources");
    }
    ZipInputStream entries = new ZipInputStream(Files.newInputStream(jar));
    for (ZipEntry e = entries.getNextEntry(); e != null; e = entries.getNextEntry()) {
      if (e.getName().endsWith(".txz")) {
        return entries;
      }
    }
    entries.close();
    throw new IOException(jar + " holds no PostgreSQL");
  }

  private static Path target() {
    try {
      Path classes =
          Path.of(TestPostgres.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return classes.resolveSibling(".").normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
