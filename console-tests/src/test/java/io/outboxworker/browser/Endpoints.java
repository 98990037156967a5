package io.outboxworker.browser;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Endpoints on loopback that answer with a status and a body, which a test changes at will. */
final class Endpoints implements AutoCloseable {
  /** What a path answers; {@code location} is a header where it is not empty. */
  record Answer(int status, String body, String location) {
    Answer(int status, String body) {
      this(status, body, "");
    }
  }

  /** A POST that arrived; header names in lower case. */
  record Arrival(String path, Map<String, String> headers, String body) {}

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<Arrival> arrivals = new CopyOnWriteArrayList<>();

  Endpoints() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::receive);
    server.start();
  }

  String url(String path) {
    return "http://127.0.0.1:%d%s".formatted(server.getAddress().getPort(), path);
  }

  /** From now on; 200 without a body where nothing was said. */
  void answer(String path, Answer answer) {
    answers.put(path, answer);
  }

  List<Arrival> arrivals(String path) {
    return arrivals.stream().filter(arrival -> arrival.path.equals(path)).toList();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.close();
  }

  private void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      Map<String, String> headers = new ConcurrentHashMap<>();
      exchange
          .getRequestHeaders()
          .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
      String path = exchange.getRequestURI().getPath();
      arrivals.add(
          new Arrival(path, headers, new String(exchange.getRequestBody().readAllBytes(), UTF_8)));
      Answer answer = answers.getOrDefault(path, new Answer(200, ""));
      if (!answer.location.isEmpty()) {
        exchange.getResponseHeaders().set("Location", answer.location);
      }
      byte[] body = answer.body.getBytes(UTF_8);
      exchange.sendResponseHeaders(answer.status, body.length == 0 ? -1 : body.length);
      if (body.length > 0) {
        exchange.getResponseBody().write(body);
      }
    }
  }
}
