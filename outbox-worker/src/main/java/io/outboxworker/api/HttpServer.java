package io.outboxworker.api;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.outboxworker.metrics.Metrics;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** What the worker answers over HTTP: metrics and health. */
public final class HttpServer implements AutoCloseable {
  private static final String JSON = "application/json";

  private final WebServer server;

  /**
   * Listens at once.
   *
   * @param port 0 takes any free one
   * @throws CannotListen where the port is taken or not ours to take
   */
  public HttpServer(String address, int port, Metrics metrics, Health health) {
    HttpRouting.Builder routing =
        HttpRouting.builder()
            .get("/metrics", (request, response) -> scrape(request, response, metrics))
            .get("/livez", (request, response) -> probe(response, health.unlive().get()))
            .get("/readyz", (request, response) -> probe(response, health.unready().get()));
    server =
        WebServer.builder()
            .address(resolve(address))
            .port(port)
            .shutdownHook(false)
            .shutdownGracePeriod(Duration.ofMillis(500))
            .maxPayloadSize(64 * 1024)
            .routing(routing)
            .build()
            .start();
    // A server that could not bind its port says so in its log alone.
    if (!server.isRunning()) {
      throw new CannotListen(address, port);
    }
  }

  /** The port that it listens on. */
  public int port() {
    return server.port();
  }

  @Override
  public void close() {
    server.stop();
  }

  private static void scrape(ServerRequest request, ServerResponse response, Metrics metrics) {
    String accept = request.headers().first(HeaderNames.ACCEPT).orElse("");
    String contentType = TextFormat.chooseContentType(accept);
    response.header(HeaderNames.CONTENT_TYPE, contentType);
    response.send(metrics.scrape(contentType));
  }

  private static void probe(ServerResponse response, List<String> reasons) {
    response.status(reasons.isEmpty() ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503);
    response.header(HeaderNames.CONTENT_TYPE, JSON);
    String list =
        reasons.stream().map(reason -> '"' + reason + '"').collect(Collectors.joining(","));
    response.send(
        "{\"status\":\"%s\",\"reasons\":[%s]}"
            .formatted(reasons.isEmpty() ? "ok" : "failing", list));
  }

  private static InetAddress resolve(String address) {
    try {
      return InetAddress.getByName(address);
    } catch (UnknownHostException e) {
      throw new UncheckedIOException(e);
    }
  }
}
