package io.outboxworker.faults;

import io.outboxworker.faults.Hostile.Behaviour;
import io.outboxworker.faults.Hostile.Visit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** One hostile endpoint of each kind, all of one tenant. */
final class Zoo {
  /** What one of them makes of its deliveries: delivered or not, in at most so many attempts. */
  record Expected(boolean delivered, int attempts) {}

  static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  private final Stage stage;
  private final UUID tenant;
  private final Map<String, Expected> expected = new LinkedHashMap<>();
  private final Map<String, Hostile> receivers = new LinkedHashMap<>();
  private final List<AutoCloseable> held = new ArrayList<>();
  private final RetryAfters retryAfters = new RetryAfters();

  Zoo(Stage stage, UUID tenant) {
    this.stage = stage;
    this.tenant = tenant;
  }

  /** What each path makes of its deliveries. */
  Map<String, Expected> expected() {
    return expected;
  }

  /** Opens them all; returns what workers must trust, so that TLS fails for the right reason. */
  Path open() throws Exception {
    drips();
    resets();
    lies();
    retryAfters.open(this);
    return tls();
  }

  private void drips() throws IOException {
    String head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    never(
        "hang",
        visit -> {
          visit.read(0);
          visit.awaitEnd();
        });
    never(
        "drip-in-header",
        visit -> {
          visit.read(0);
          visit.drip(head);
        });
    accepts(
        "drip-in-body",
        visit -> {
          visit.read(200);
          visit.write(head);
          visit.drip("x".repeat(100));
        });
    neverAccept();
  }

  private void resets() throws IOException {
    never("reset-at-accept", Visit::reset);
    never(
        "reset-after-request",
        visit -> {
          visit.read(0);
          visit.reset();
        });
    accepts(
        "reset-in-body",
        visit -> {
          visit.read(200);
          visit.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
          Moment.pause(Duration.ofMillis(200));
          visit.reset();
        });
    accepts(
        "closes-after-each-answer",
        visit -> {
          visit.read(200);
          visit.write(OK);
        });
  }

  private void lies() throws IOException {
    answers("garbage", false, 4, 0, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n");
    answers("bad-length", true, 1, 200, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n");
    answers("redirect", false, 4, 302, "HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n");
    answers("gone", false, 1, 410, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n");
    answers("nul", true, 1, 200, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\0\377x");
    accepts(
        "endless-body",
        visit -> {
          visit.read(200);
          visit.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          while (true) {
            visit.write("10000\r\n" + "x".repeat(65_536) + "\r\n");
          }
        });
    never(
        "flood-of-1xx",
        visit -> {
          visit.read(0);
          while (true) {
            visit.write("HTTP/1.1 102 Processing\r\n\r\n".repeat(100));
          }
        });
    never(
        "endless-header",
        visit -> {
          visit.read(0);
          visit.write("HTTP/1.1 200 OK\r\n");
          while (true) {
            visit.write("X-More: %s\r\n".formatted("y".repeat(1_000)));
          }
        });
  }

  private Path tls() throws Exception {
    Certificates certificates = new Certificates(stage.folder());
    String ip = "san=ip:127.0.0.1";
    secure("self-signed", certificates.listening("self-signed", "-ext", ip));
    secure(
        "expired",
        certificates.listening("expired", "-ext", ip, "-startdate", "-9d", "-validity", "2"));
    secure("wrong-host", certificates.listening("wrong-host", "-ext", "san=dns:other.test"));
    secure("silent-tls", Hostile.listening(100));
    add(
        "plain-text-for-tls",
        "https",
        new Expected(false, 4),
        new Hostile(
            Hostile.listening(100),
            stage.farm(),
            visit -> visit.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")));
    return certificates.trusted(List.of("expired", "wrong-host"));
  }

  /** A port of TLS, or what should be one: no request ever arrives. */
  private void secure(String name, ServerSocket server) {
    add(name, "https", new Expected(false, 4), new Hostile(server, stage.farm(), Visit::awaitEnd));
  }

  private void neverAccept() throws IOException {
    ServerSocket full = Hostile.listening(1);
    held.add(full);
    for (int i = 0; i < 4; i++) {
      SocketChannel filler = SocketChannel.open();
      filler.configureBlocking(false);
      filler.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), full.getLocalPort()));
      held.add(filler);
    }
    subscribe("never-accept", "http", full.getLocalPort(), new Expected(false, 4));
  }

  private void answers(String name, boolean delivered, int attempts, int status, String answer)
      throws IOException {
    receive(
        name,
        new Expected(delivered, attempts),
        visit -> {
          while (visit.read(status)) {
            visit.write(answer);
          }
        });
  }

  private void never(String name, Behaviour behaviour) throws IOException {
    receive(name, new Expected(false, 4), behaviour);
  }

  private void accepts(String name, Behaviour behaviour) throws IOException {
    receive(name, new Expected(true, 1), behaviour);
  }

  void receive(String name, Expected what, Behaviour behaviour) throws IOException {
    add(name, "http", what, new Hostile(Hostile.listening(100), stage.farm(), behaviour));
  }

  private void add(String name, String scheme, Expected what, Hostile receiver) {
    receivers.put(name, receiver.start());
    subscribe(name, scheme, receiver.port(), what);
  }

  private void subscribe(String name, String scheme, int port, Expected what) {
    String path = path(name);
    stage.audience().subscribeAt(tenant, "%s://127.0.0.1:%d%s".formatted(scheme, port, path), path);
    expected.put(path, what);
  }

  static String path(String name) {
    return "/hostile/" + name;
  }

  RetryAfters retryAfters() {
    return retryAfters;
  }

  /** Connections that neither side has given up. */
  Map<String, Integer> openConnections() {
    Map<String, Integer> open = new LinkedHashMap<>();
    receivers.forEach((path, receiver) -> {
      if (receiver.openConnections() > 0) {
        open.put(path, receiver.openConnections());
      }
    });
    return open;
  }

  void close() throws Exception {
    receivers.values().forEach(Hostile::close);
    for (AutoCloseable each : held) {
      each.close();
    }
  }
}
