package io.outboxworker.faults;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.outboxworker.webhook.SigningSecret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The receivers of a run, one per path. Each POST is checked and written down before it is
 * answered. Thread-safe.
 */
final class Farm implements AutoCloseable {
  /** A POST that is about to be answered. */
  record Arrival(String path, UUID delivery, int attempt, String body, int senderPort) {}

  /** A signature made with a secret is good until so long after the secret's end. */
  private static final long SECRET_MILLIS = 2_000;

  private static final String BEFORE_DATA = "\"data\":";
  private static final String AFTER_DATA = ",\"metadata\":{";

  private final HttpServer server;
  private final Journal receipts;
  private final Map<String, Subscriber> subscribers = new ConcurrentHashMap<>();
  private final Map<String, ToIntFunction<Arrival>> behaviours = new ConcurrentHashMap<>();
  private final AtomicLong arrived = new AtomicLong();
  private final AtomicLong accepted = new AtomicLong();
  private volatile long lastArrival;

  Farm(Journal receipts) throws IOException {
    this.receipts = receipts;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::receive);
    server.start();
  }

  /** What this subscriber's POSTs to the path must look like. */
  void expect(String path, Subscriber subscriber) {
    subscribers.put(path, subscriber);
  }

  /** From now on the path answers so; 0 closes the connection without an answer. */
  void behave(String path, ToIntFunction<Arrival> behaviour) {
    behaviours.put(path, behaviour);
  }

  String url(String path) {
    return "http://127.0.0.1:%d%s".formatted(server.getAddress().getPort(), path);
  }

  /** POSTs that arrived so far. */
  long arrived() {
    return arrived.get();
  }

  /** Those of them that were answered with 2xx. */
  long accepted() {
    return accepted.get();
  }

  /** When the last POST arrived. */
  long lastArrival() {
    return lastArrival;
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String path = exchange.getRequestURI().getPath();
      Arrival arrival =
          new Arrival(
              path,
              UUID.fromString(header(exchange, "X-Webhook-Delivery")),
              Integer.parseInt(header(exchange, "X-Webhook-Attempt")),
              new String(body, StandardCharsets.UTF_8),
              exchange.getRemoteAddress().getPort());
      lastArrival = Moment.now();
      arrived.incrementAndGet();
      int status = behaviours.getOrDefault(path, any -> 204).applyAsInt(arrival);
      receipts.add(receipt(exchange, arrival, body, status).line());
      if (status > 0) {
        accepted.addAndGet(status < 300 ? 1 : 0);
        exchange.sendResponseHeaders(status, -1);
      }
    }
  }

  private Receipt receipt(HttpExchange exchange, Arrival arrival, byte[] body, int status) {
    long now = Moment.now();
    return new Receipt(
        now,
        arrival.path,
        arrival.delivery,
        UUID.fromString(header(exchange, "webhook-id")),
        arrival.attempt,
        Hash.of(body),
        Hash.of(data(arrival.body)),
        isGenuine(exchange, arrival.path, body, now),
        status);
  }

  private boolean isGenuine(HttpExchange exchange, String path, byte[] body, long now) {
    @Nullable Subscriber subscriber = subscribers.get(path);
    if (subscriber == null) {
      return false;
    }
    String id = header(exchange, "webhook-id");
    long seconds = Long.parseLong(header(exchange, "webhook-timestamp"));
    List<String> standard = Arrays.asList(header(exchange, "webhook-signature").split(" "));
    for (String text : subscriber.secretsAt(now, SECRET_MILLIS)) {
      SigningSecret secret = SigningSecret.of(text);
      if (secret.bodySignature(body).equals(header(exchange, "X-Signature"))
          && standard.contains(secret.standardSignature(id, seconds, body))) {
        return true;
      }
    }
    return false;
  }

  private static String header(HttpExchange exchange, String name) {
    return String.valueOf(exchange.getRequestHeaders().getFirst(name));
  }

  /** The data as they lie in the body, byte for byte. */
  private static String data(String body) {
    int from = body.indexOf(BEFORE_DATA) + BEFORE_DATA.length();
    int to = body.lastIndexOf(AFTER_DATA);
    return to > from ? body.substring(from, to) : "";
  }
}
