package io.outboxworker.demo;

import io.outboxworker.cli.CommandFailed;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL of one run's own: durable like a real one, reachable from this machine and with a
 * password only. Its data go with it.
 */
public final class Postgres implements AutoCloseable {
  private static final String ADMIN = "postgres";
  static final String SHOP = "shop";
  private static final Duration START_LIMIT = Duration.ofMinutes(1);

  private final RunFolder folder;
  private final Map<String, String> settings;
  private final String password = new BigInteger(100, new SecureRandom()).toString(36);
  private final int port;
  private @Nullable EmbeddedPostgres server;

  /**
   * Chooses a port and a password, so that the worker can be configured before the start.
   *
   * @param settings those of postgresql.conf that are to differ from the defaults
   */
  public Postgres(RunFolder folder, Map<String, String> settings) throws IOException {
    this.folder = folder;
    this.settings = Map.copyOf(settings);
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      this.port = socket.getLocalPort();
    }
  }

  /** Where a database is, for the server's administrator. */
  public String adminUrl(String database) {
    return url(ADMIN, database);
  }

  /** The same database as the shop sees it, and whoever types along in psql. */
  String shopUrl() {
    return url(SHOP, SHOP);
  }

  /**
   * Starts the server.
   *
   * @throws CommandFailed with the reason, and where to read more
   */
  public void start() {
    try {
      server = builder().start();
    } catch (IOException | RuntimeException e) {
      throw failed(e);
    }
  }

  /** Starts the server and makes the shop's role and database. */
  void startForShop() {
    start();
    try {
      makeDatabase();
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** A connection of the server's administrator; the caller closes it. */
  public Connection connectAsAdmin(String database) throws SQLException {
    return connect(ADMIN, database);
  }

  /** A connection of the shop; the caller closes it. */
  Connection connect() throws SQLException {
    return connect(SHOP, SHOP);
  }

  /** The server's first process, the parent of all others. */
  public long pid() throws IOException {
    return Long.parseLong(Files.readAllLines(folder.data().resolve("postmaster.pid")).get(0));
  }

  @Override
  public void close() throws IOException {
    if (server != null) {
      server.close();
    }
  }

  private static CommandFailed failed(Exception e) {
    return new CommandFailed(
        "PostgreSQL did not start: %s\nOUTBOX_LOG_LEVEL=info shows what it says%s"
            .formatted(
                e.getMessage(),
                System.getProperty("user.name").equals("root")
                    ? "; an ordinary user may have more luck than root"
                    : ""));
  }

  private void makeDatabase() throws SQLException {
    try (Connection connection = connect(ADMIN, ADMIN);
        Statement statement = connection.createStatement()) {
      statement.execute("create role %s login password '%s'".formatted(SHOP, password));
      statement.execute("create database %s owner %s".formatted(SHOP, SHOP));
    }
  }

  private EmbeddedPostgres.Builder builder() throws IOException {
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setOverrideWorkingDirectory(RunFolder.binaries().toFile())
            .setDataDirectory(folder.data())
            .setPort(port)
            .setPGStartupWait(START_LIMIT)
            // It would stop the server while the worker still ends its attempts.
            .setRegisterShutdownHook(false)
            // The library's own way is no password at all: any user of the machine would be in.
            .setLocaleConfig("auth", "scram-sha-256")
            .setLocaleConfig("pwfile", passwordFile().toString())
            .setConnectConfig("password", password)
            // The library switches both off. This demo claims that nothing is lost.
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("max_connections", "100")
            .setServerConfig("unix_socket_directories", "");
    settings.forEach(builder::setServerConfig);
    return builder;
  }

  private Path passwordFile() throws IOException {
    Path file =
        Files.createFile(
            folder.file("password"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return Files.writeString(file, password);
  }

  private Connection connect(String user, String database) throws SQLException {
    String url = "jdbc:postgresql://127.0.0.1:%d/%s".formatted(port, database);
    return DriverManager.getConnection(url, user, password);
  }

  private String url(String user, String database) {
    return "postgresql://%s:%s@127.0.0.1:%d/%s".formatted(user, password, port, database);
  }
}
