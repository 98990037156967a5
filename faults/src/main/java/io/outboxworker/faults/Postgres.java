package io.outboxworker.faults;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A durable PostgreSQL of the run's own that can be killed, stopped and started again on its data.
 * Linux only: it is started again with the command line that /proc shows.
 */
final class Postgres implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(60);

  private final Path data;
  private final Path log;
  private final int port;
  private final List<String> command;

  private Postgres(Path data, int port, Path log) throws IOException {
    this.data = data;
    this.port = port;
    this.log = log;
    this.command = commandOf(pid());
  }

  /** Makes a new server whose data lie below {@code folder}. */
  static Postgres start(Path folder, Map<String, String> config) throws IOException {
    int port = freePort();
    Path data = folder.resolve("data");
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setOverrideWorkingDirectory(binaries().toFile())
            .setDataDirectory(data)
            .setCleanDataDirectory(false)
            .setPort(port)
            .setRegisterShutdownHook(false)
            .setPGStartupWait(START_LIMIT)
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("max_connections", "100")
            .setServerConfig("shared_buffers", "64MB")
            .setServerConfig("max_prepared_transactions", "0");
    config.forEach(builder::setServerConfig);
    builder.start();
    return new Postgres(data, port, folder.resolve("postgres.log"));
  }

  int port() {
    return port;
  }

  Path data() {
    return data;
  }

  String url() {
    return url(port);
  }

  /** The same database behind another port. */
  static String url(int port) {
    return "jdbc:postgresql://127.0.0.1:%d/postgres?user=postgres".formatted(port);
  }

  /** SIGKILL to the postmaster, and waits until all its children are gone. */
  void kill() {
    end("KILL");
  }

  /** As {@code pg_ctl -m immediate stop}. */
  void stopImmediately() {
    end("QUIT");
  }

  /** As {@code pg_ctl -m fast stop}. */
  void stopFast() {
    end("INT");
  }

  /** Starts it on its data and returns when it answers. */
  void startAgain() throws IOException {
    List<String> line = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      // PostgreSQL refuses root; in a user namespace of its own it is nobody.
      line.addAll(List.of("unshare", "-U"));
    }
    line.addAll(command);
    new ProcessBuilder(line)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
    long deadline = Moment.now() + START_LIMIT.toMillis();
    while (!answers()) {
      if (Moment.now() > deadline) {
        throw new IOException("PostgreSQL did not start again, see " + log);
      }
      Moment.pause(Duration.ofMillis(50));
    }
  }

  boolean answers() {
    try (Connection connection = DriverManager.getConnection(url() + "&connectTimeout=2")) {
      return connection.isValid(2);
    } catch (SQLException e) {
      return false;
    }
  }

  @Override
  public void close() {
    if (Files.exists(data.resolve("postmaster.pid"))) {
      stopFast();
    }
  }

  private void end(String signal) {
    ProcessHandle postmaster = ProcessHandle.of(pid()).orElse(null);
    if (postmaster == null) {
      return;
    }
    List<ProcessHandle> children = postmaster.descendants().toList();
    Signal.send(signal, postmaster.pid());
    postmaster.onExit().join();
    children.forEach(child -> child.onExit().join());
  }

  private long pid() {
    try {
      return Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip());
    } catch (IOException e) {
      return -1;
    }
  }

  private static List<String> commandOf(long pid) throws IOException {
    List<String> line =
        new ArrayList<>(
            List.of(Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0")));
    line.set(0, Path.of("/proc/" + pid + "/exe").toRealPath().toString());
    return line;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Unpacked once for all runs, in the user's cache. */
  private static Path binaries() throws IOException {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path home = Path.of(System.getProperty("user.home"), ".cache");
    Path base = cache == null || cache.isBlank() ? home : Path.of(cache);
    return Files.createDirectories(base.resolve("outbox").resolve("postgres"));
  }
}
