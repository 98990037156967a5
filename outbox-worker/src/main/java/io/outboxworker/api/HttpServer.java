package io.outboxworker.api;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.HttpService;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;

/**
 * One port that the worker listens on, and the services behind it. Each request has a virtual
 * thread of its own, so that a slow one holds up no other.
 */
public final class HttpServer implements AutoCloseable {
  /** Larger than any route takes; each has its own limit. */
  private static final int MAX_PAYLOAD = 1024 * 1024;

  private static final int MAX_CONNECTIONS = 4096;
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(30);

  private final WebServer server;

  /**
   * Listens at once.
   *
   * @param port 0 takes any free one
   * @throws CannotListen where the port is taken or not ours to take
   */
  public HttpServer(String address, int port, List<HttpService> services) {
    server =
        WebServer.builder()
            .address(resolve(address))
            .port(port)
            .shutdownHook(false)
            .shutdownGracePeriod(Duration.ofMillis(500))
            .maxPayloadSize(MAX_PAYLOAD)
            .maxTcpConnections(MAX_CONNECTIONS)
            .connectionOptions(options -> options.readTimeout(READ_TIMEOUT))
            .directHandlers(Failures.beforeRouting())
            .routing(routing(services))
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

  private static HttpRouting.Builder routing(List<HttpService> services) {
    HttpRouting.Builder routing = HttpRouting.builder();
    services.forEach(routing::register);
    routing.any((request, response) -> {
      throw Problem.of(Problem.Kind.NOT_FOUND, "there is nothing at this path");
    });
    Failures.addTo(routing);
    return routing;
  }

  private static InetAddress resolve(String address) {
    try {
      return InetAddress.getByName(address);
    } catch (UnknownHostException e) {
      throw new UncheckedIOException(e);
    }
  }
}
