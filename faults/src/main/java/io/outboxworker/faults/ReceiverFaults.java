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
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Endpoints that hang, drip, reset, lie and flood, beside healthy ones. */
final class ReceiverFaults {
  /** What one of them makes of its deliveries: delivered or not, in at most so many attempts. */
  private record Expected(boolean delivered, int attempts) {}

  /** Published at once, so that all of them are first attempts at the same time. */
  private static final int EVENTS = 3;

  private static final int SLOWEST_ATTEMPT_MILLIS = 10_250;
  private static final Duration FINAL = Duration.ofSeconds(48);
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  private final Stage stage;
  private final UUID tenant = UUID.randomUUID();
  private final Map<String, Expected> expected = new LinkedHashMap<>();
  private final Map<String, Hostile> receivers = new LinkedHashMap<>();
  private final List<AutoCloseable> held = new ArrayList<>();

  private ReceiverFaults(Stage stage) {
    this.stage = stage;
  }

  static List<Fault> all() {
    return List.of(
        new Fault(
            "receivers",
            "endpoints that hang, drip, reset, lie and flood, beside healthy ones",
            0,
            plan -> plan,
            stage -> new ReceiverFaults(stage).strike()));
  }

  private void strike() throws Exception {
    Path trusted = openAll();
    stage.fleet().start("A", "OUTBOX_CA_FILE", trusted.toString());
    stage.fleet().start("B", "OUTBOX_CA_FILE", trusted.toString());
    Moment.pause(Duration.ofSeconds(10));
    long socketsBefore = sockets();
    long begun = Moment.now();
    for (int i = 0; i < EVENTS; i++) {
      stage.writer().publish(tenant, "{\"hostile\":%d}".formatted(i));
    }
    stage.await("all are final", FINAL.multipliedBy(stage.plan().patience() + 1), this::isFinal);
    stage.within("all of them final", Moment.now() - begun, FINAL.plusSeconds(2));
    judge();
    stage.within(
        "sockets freed",
        stage.await("sockets freed", Duration.ofSeconds(20), () -> open().isEmpty()),
        Duration.ofSeconds(6));
    open().forEach((path, count) -> stage.figure("still open at " + path, count));
    stage.figure("sockets of the workers before and after", socketsBefore + ", " + sockets());
    stage.figure(
        "99 % of healthy POSTs within", Lag.percentile(stage, 99, begun, Moment.now()) + " ms");
    close();
  }

  private Path openAll() throws Exception {
    drips();
    resets();
    lies();
    retryAfters();
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

  private void retryAfters() throws IOException {
    ZonedDateTime inFive = ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(5);
    List<String> forms =
        List.of("5", inFive.format(DateTimeFormatter.RFC_1123_DATE_TIME), "-1", "soon", "0");
    for (int i = 0; i < forms.size(); i++) {
      String form = forms.get(i);
      int status = i % 2 == 0 ? 429 : 503;
      String refusal =
          "HTTP/1.1 %d Later\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n"
              .formatted(status, form);
      receive(
          "retry-after-" + i,
          new Expected(true, 2),
          visit -> {
            while (visit.readJudged(attempt -> attempt == 1 ? status : 200)) {
              visit.write(visit.attempt() == 1 ? refusal : OK);
            }
          });
    }
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

  private void receive(String name, Expected what, Behaviour behaviour) throws IOException {
    add(name, "http", what, new Hostile(Hostile.listening(100), stage.farm(), behaviour));
  }

  private void add(String name, String scheme, Expected what, Hostile receiver) {
    receivers.put(name, receiver.start());
    subscribe(name, scheme, receiver.port(), what);
  }

  private void subscribe(String name, String scheme, int port, Expected what) {
    String path = "/hostile/" + name;
    stage.subscribeAt(tenant, "%s://127.0.0.1:%d%s".formatted(scheme, port, path), path);
    expected.put(path, what);
  }

  private boolean isFinal() {
    return WorkerFaults.number(
            stage,
            "select count(*) from webhooks.delivery where tenant_id = '%s'".formatted(tenant))
        == 0;
  }

  private void judge() {
    expected.forEach((path, what) -> {
      String seen =
          stage
              .jdbi()
              .withHandle(handle ->
                  handle
                      .createQuery(
                          """
                          select count(*) || ' ' || coalesce(string_agg(distinct status, ','), '') || ' ' || coalesce(max(attempts), 0)
                          from webhooks.delivery_log where url like :url
                          """)
                      .bind("url", "%" + path)
                      .mapTo(String.class)
                      .one());
      String promised =
          "%d %s %d".formatted(EVENTS, what.delivered ? "delivered" : "failed", what.attempts);
      stage.expect(seen.equals(promised), "%s: %s, was %s".formatted(path, promised, seen));
    });
    long slowest =
        WorkerFaults.number(
            stage,
            """
            select max((h->>'duration_ms')::bigint)
            from webhooks.delivery_log, json_array_elements(history) h
            """);
    stage.figure("slowest attempt", slowest + " ms");
    stage.expect(
        slowest <= (long) SLOWEST_ATTEMPT_MILLIS * stage.plan().patience(),
        "each attempt ends within %d ms, one took %d".formatted(SLOWEST_ATTEMPT_MILLIS, slowest));
  }

  private Map<String, Integer> open() {
    Map<String, Integer> open = new LinkedHashMap<>();
    receivers.forEach((path, receiver) -> {
      if (receiver.openConnections() > 0) {
        open.put(path, receiver.openConnections());
      }
    });
    return open;
  }

  private long sockets() {
    return stage.fleet().all().stream()
        .mapToLong(worker -> Proc.holding(worker.pid()).sockets())
        .sum();
  }

  private void close() throws Exception {
    receivers.values().forEach(Hostile::close);
    for (AutoCloseable each : held) {
      each.close();
    }
  }
}
