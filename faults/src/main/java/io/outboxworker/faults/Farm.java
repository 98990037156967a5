package io.outboxworker.faults;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.outboxworker.webhook.SigningSecret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
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

  /** A timestamp may be as wrong as this: receivers refuse what looks replayed. */
  private static final long TIMESTAMP_SECONDS = 90;

  private static final String BEFORE_DATA = "\"data\":";
  private static final String AFTER_DATA = ",\"metadata\":{";

  private static final AtomicLong NONE = new AtomicLong();

  private final HttpServer server;
  private final Journal receipts;
  private final Map<String, Subscriber> subscribers = new ConcurrentHashMap<>();
  private final Map<String, ToIntFunction<Arrival>> behaviours = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> perPath = new ConcurrentHashMap<>();
  private final AtomicLong arrived = new AtomicLong();
  private final AtomicLong accepted = new AtomicLong();

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

  /** POSTs to this path so far. */
  long arrived(String path) {
    return perPath.getOrDefault(path, NONE).get();
  }

  /** Those of them that were answered with 2xx. */
  long accepted() {
    return accepted.get();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  /** Writes down a POST that a receiver elsewhere got; header names in lower case. */
  void note(Map<String, String> headers, String path, byte[] body, int status) {
    long now = Moment.now();
    arrived.incrementAndGet();
    perPath.computeIfAbsent(path, any -> new AtomicLong()).incrementAndGet();
    Receipt receipt =
        new Receipt(
            now,
            path,
            UUID.fromString(headers.getOrDefault("x-webhook-delivery", "")),
            UUID.fromString(headers.getOrDefault("webhook-id", "")),
            Integer.parseInt(headers.getOrDefault("x-webhook-attempt", "")),
            Hash.of(body),
            Hash.of(data(new String(body, StandardCharsets.UTF_8))),
            isGenuine(headers, path, body, now),
            status,
            sentAt(headers));
    receipts.add(receipt.line());
    accepted.addAndGet(receipt.accepted() ? 1 : 0);
  }

  private void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String path = exchange.getRequestURI().getPath();
      Map<String, String> headers = new HashMap<>();
      exchange
          .getRequestHeaders()
          .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
      Arrival arrival =
          new Arrival(
              path,
              UUID.fromString(headers.getOrDefault("x-webhook-delivery", "")),
              Integer.parseInt(headers.getOrDefault("x-webhook-attempt", "")),
              new String(body, StandardCharsets.UTF_8),
              exchange.getRemoteAddress().getPort());
      int status = behaviours.getOrDefault(path, any -> 204).applyAsInt(arrival);
      note(headers, path, body, status);
      if (status > 0) {
        exchange.sendResponseHeaders(status, -1);
      }
    }
  }

  private boolean isGenuine(Map<String, String> headers, String path, byte[] body, long now) {
    @Nullable Subscriber subscriber = subscribers.get(path);
    if (subscriber == null) {
      return false;
    }
    String id = headers.getOrDefault("webhook-id", "");
    long seconds = sentAt(headers);
    if (Math.abs(Instant.now().getEpochSecond() - seconds) > TIMESTAMP_SECONDS) {
      return false;
    }
    List<String> standard = Arrays.asList(headers.getOrDefault("webhook-signature", "").split(" "));
    for (String text : subscriber.secretsAt(now, SECRET_MILLIS)) {
      SigningSecret secret = SigningSecret.of(text);
      if (secret.bodySignature(body).equals(headers.get("x-signature"))
          && standard.contains(secret.standardSignature(id, seconds, body))) {
        return true;
      }
    }
    return false;
  }

  private static long sentAt(Map<String, String> headers) {
    return Long.parseLong(headers.getOrDefault("webhook-timestamp", "0"));
  }

  /** The data as they lie in the body, byte for byte. */
  private static String data(String body) {
    int from = body.indexOf(BEFORE_DATA) + BEFORE_DATA.length();
    int to = body.lastIndexOf(AFTER_DATA);
    return to > from ? body.substring(from, to) : "";
  }
}
