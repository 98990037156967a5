package io.outboxworker.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.outboxworker.webhook.SigningSecret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Three customers' endpoints on this machine: one that works, one that fails twice and then works,
 * one that is gone. Those that work verify the signature first, and say so in their answer.
 */
final class Receivers implements AutoCloseable {
  static final String VERIFIED = "signature verified";

  private static final int BODY_BYTES_MAX = 1_048_576;
  private static final int FAILURES = 2;

  private final SigningSecret secret;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** Listens at once, on any free port. */
  Receivers(SigningSecret secret) throws IOException {
    // Else the JDK's server lets small answers wait up to 40 ms for the client's acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    this.secret = secret;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/works", answering(this::verify));
    server.createContext("/flaky", answering(this::failTwice));
    server.createContext("/gone", answering((exchange, body) -> new Answer(410, "moved away")));
    server.setExecutor(threads);
    server.start();
  }

  /** The endpoint of the receiver with this name: works, flaky or gone. */
  String url(String name) {
    return "http://127.0.0.1:%d/%s".formatted(server.getAddress().getPort(), name);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.close();
  }

  private record Answer(int status, String text) {}

  private interface Judgement {
    Answer judge(HttpExchange exchange, byte[] body);
  }

  private static HttpHandler answering(Judgement judgement) {
    return exchange -> {
      try (exchange) {
        Answer answer =
            judgement.judge(exchange, exchange.getRequestBody().readNBytes(BODY_BYTES_MAX));
        byte[] text = answer.text.getBytes(UTF_8);
        exchange.sendResponseHeaders(answer.status, text.length);
        exchange.getResponseBody().write(text);
      }
    };
  }

  private Answer failTwice(HttpExchange exchange, byte[] body) {
    String attempt = exchange.getRequestHeaders().getFirst("X-Webhook-Attempt");
    return attempt != null && attempt.matches("[1-" + FAILURES + "]")
        ? new Answer(503, "try again later")
        : verify(exchange, body);
  }

  private Answer verify(HttpExchange exchange, byte[] body) {
    String signature = exchange.getRequestHeaders().getFirst("X-Signature");
    return isRight(signature, body)
        ? new Answer(200, VERIFIED)
        : new Answer(401, "signature is wrong");
  }

  /** In constant time, so that the answer's delay tells nothing about the signature. */
  private boolean isRight(@Nullable String signature, byte[] body) {
    return signature != null
        && MessageDigest.isEqual(
            secret.bodySignature(body).getBytes(UTF_8), signature.getBytes(UTF_8));
  }
}
