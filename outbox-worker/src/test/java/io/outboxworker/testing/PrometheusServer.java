package io.outboxworker.testing;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A real Prometheus that scrapes one worker every 500 ms and evaluates the rules of deploy/. */
public final class PrometheusServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;
  private final int port;

  /** Starts it; skips the test where there is none. */
  public PrometheusServer(Path folder, int workerPort) {
    Path program = PrometheusTools.program("prometheus");
    try {
      port = freePort();
      Path rules = Files.createDirectory(folder.resolve("rules"));
      quickened(rules);
      Path config =
          Files.writeString(
              folder.resolve("prometheus.yml"),
              """
              global: {scrape_interval: 500ms, evaluation_interval: 500ms}
              rule_files: ["%s/*.yml"]
              scrape_configs:
                - job_name: outbox-worker
                  static_configs: [{targets: ["127.0.0.1:%d"]}]
              """
                  .formatted(rules.toAbsolutePath(), workerPort));
      process =
          new ProcessBuilder(
                  program.toString(),
                  "--config.file=" + config,
                  "--storage.tsdb.path=" + folder.resolve("data"),
                  "--web.listen-address=127.0.0.1:" + port,
                  "--log.level=error")
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("log").toFile())
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(() -> get("/-/ready").statusCode() == 200);
  }

  /** The result of an instant query; fails where Prometheus does not understand it. */
  public JsonNode query(String expression) {
    var answer =
        get("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
    JsonNode body = json(answer.body());
    if (!body.path("status").asText().equals("success")) {
      throw new IllegalArgumentException(expression + ": " + body.path("error").asText());
    }
    return body.at("/data/result");
  }

  /** The only value of an instant query; NaN where it has none. */
  public double value(String expression) {
    JsonNode result = query(expression);
    return result.size() == 1 ? result.at("/0/value/1").asDouble() : Double.NaN;
  }

  /** What a path of the HTTP API answers. */
  public JsonNode api(String path) {
    return json(get("/api/v1/" + path).body());
  }

  @Override
  public void close() {
    process.destroy();
    http.close();
  }

  private HttpResponse<String> get(String path) {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(text, e);
    }
  }

  /** The rules of deploy/, all of them evaluated as often as is scraped. */
  private static void quickened(Path folder) throws IOException {
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(Path.of("../deploy/prometheus/rules"), "*.yml")) {
      for (Path file : files) {
        Files.writeString(
            folder.resolve(file.getFileName()),
            Files.readString(file).replaceAll("(?m)^ +interval: \\w+$", ""));
      }
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
