package io.outboxworker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.outboxworker.webhook.SigningSecret;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A receiver on this machine, to see webhooks arrive. */
@Command(
    name = "listen",
    description = {
      "Receives webhooks on this machine, verifies their signatures and prints them.",
      "Answers 401 where a signature is wrong. The worker calls it only with OUTBOX_ALLOW_HTTP=true"
          + " and OUTBOX_ALLOWED_NETWORKS=127.0.0.0/8."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
public final class ListenCommand implements Callable<Integer> {

  private static final Duration TOLERANCE = Duration.ofMinutes(5);
  private static final int BODY_BYTES_MAX = 1_048_576;

  @Option(
      names = "--port",
      required = true,
      paramLabel = "PORT",
      description = "Where to listen; 0: any free port.")
  private int port;

  @Option(
      names = "--address",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Which address to listen on (default: 127.0.0.1, this machine alone).")
  private InetAddress address;

  @Option(
      names = "--secret",
      required = true,
      paramLabel = "SECRET",
      description = "The subscription's secret.")
  private String secret;

  @Option(
      names = "--answer",
      paramLabel = "STATUS",
      defaultValue = "200",
      description = "The status to answer with, to see what the worker does (default: 200).")
  private int answer;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "End after N requests (default: with Ctrl-C).")
  private int count = Integer.MAX_VALUE;

  @Spec private CommandSpec spec;

  private final PrintWriter out;
  private final PrintWriter err;

  /** Requests go to {@code out}, one line each. */
  public ListenCommand(PrintWriter out, PrintWriter err) {
    this.out = out;
    this.err = err;
  }

  @Override
  public Integer call() throws InterruptedException {
    checkOptions();
    var key = secret();
    var left = new CountDownLatch(count);
    var server = open();
    server.createContext("/", exchange -> receive(exchange, key, left));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      server.setExecutor(threads);
      server.start();
      err.println("listening on http://%s:%d/".formatted(host(), server.getAddress().getPort()));
      left.await();
    } finally {
      server.stop(0);
    }
    return 0;
  }

  private String host() {
    var text = address.getHostAddress();
    return text.contains(":") ? "[" + text + "]" : text;
  }

  private void checkOptions() {
    if (port < 0 || port > 65_535) {
      throw new ParameterException(spec.commandLine(), "--port must be 0 to 65535");
    }
    if (answer < 200 || answer > 599) {
      throw new ParameterException(spec.commandLine(), "--answer must be 200 to 599");
    }
    if (count < 1) {
      throw new ParameterException(spec.commandLine(), "--count must be at least 1");
    }
  }

  private SigningSecret secret() {
    try {
      return SigningSecret.of(secret);
    } catch (IllegalArgumentException fault) {
      throw new ParameterException(spec.commandLine(), "--secret: " + fault.getMessage(), fault);
    }
  }

  private HttpServer open() {
    try {
      return HttpServer.create(new InetSocketAddress(address, port), 0);
    } catch (IOException e) {
      throw new CommandFailed("can't listen on port " + port + ": " + e.getMessage());
    }
  }

  private void receive(HttpExchange exchange, SigningSecret key, CountDownLatch left)
      throws IOException {
    try (exchange) {
      var body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX);
      var headers = exchange.getRequestHeaders();
      var verification = Verification.of(key, headers::getFirst, body, TOLERANCE, Instant.now());
      int status = verification.isRight() ? answer : 401;
      print(exchange, verification, status, body);
      exchange.sendResponseHeaders(status, -1);
    } finally {
      left.countDown();
    }
  }

  private void print(HttpExchange exchange, Verification verification, int status, byte[] body) {
    var headers = exchange.getRequestHeaders();
    var line =
        "%s %s %s event=%s id=%s delivery=%s attempt=%s answer=%d (%s) %s"
            .formatted(
                Instant.now().truncatedTo(ChronoUnit.MILLIS),
                exchange.getRequestMethod(),
                exchange.getRequestURI(),
                orDash(headers.getFirst("X-Webhook-Event")),
                orDash(headers.getFirst("webhook-id")),
                orDash(headers.getFirst("X-Webhook-Delivery")),
                orDash(headers.getFirst("X-Webhook-Attempt")),
                status,
                verification,
                new String(body, UTF_8));
    // Anybody on this machine may send to the port: no control character reaches the terminal.
    out.println(line.replaceAll("\\p{Cntrl}+", " "));
  }

  private static String orDash(@Nullable String text) {
    return Objects.requireNonNullElse(text, "-");
  }
}
