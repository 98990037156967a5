package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.Worker;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that are slow, or do nothing at all, hold up nobody. */
final class OpenConnectionsTest {
  /**
   * Less than the time after which a client that is slow is given up, with room for a busy machine.
   */
  private static final Duration FAST = Duration.ofSeconds(15);

  private static final Shop shop = new Shop();
  private static final Workers workers = new Workers(shop);
  private static final Worker worker = workers.start();
  private static final ApiClient api = ApiClient.of(worker, shop);

  private final List<Socket> sockets = new ArrayList<>();

  @AfterEach
  void hangUp() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  @AfterAll
  static void close() {
    api.close();
    workers.close();
    shop.close();
  }

  @Test
  void a_thousand_idle_connections_hold_up_nobody() throws IOException {
    open(1000, "");
    assertEverythingAnswers();
  }

  @Test
  void half_sent_requests_hold_up_nobody() throws IOException {
    open(100, "GET /metrics HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    open(
        100,
        "POST %s/subscriptions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n{"
            .formatted(ApiClient.BASE, anotherToken()));
    assertEverythingAnswers();
  }

  @Test
  void readers_that_read_nothing_hold_up_nobody() throws IOException {
    String request = "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n";
    // More than the buffers of both sides hold.
    open(20, request.repeat(200));
    assertEverythingAnswers();
  }

  private void open(int count, String sent) throws IOException {
    for (int i = 0; i < count; i++) {
      Socket socket = new Socket();
      socket.setReceiveBufferSize(4096);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), worker.httpPort()));
      socket.getOutputStream().write(sent.getBytes(StandardCharsets.UTF_8));
      sockets.add(socket);
    }
  }

  private static void assertEverythingAnswers() {
    for (String path : List.of("/livez", "/readyz", "/metrics")) {
      long start = System.nanoTime();
      assertThat(workers.get(worker, path).statusCode()).as(path).isEqualTo(200);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).as(path).isLessThan(FAST);
    }
    long start = System.nanoTime();
    assertThat(api.get("/subscriptions").status()).isEqualTo(200);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(FAST);
  }

  /** A token with a limit of calls of its own, which also counts calls that are only half sent. */
  private static String anotherToken() {
    return new Tokens(shop.jdbi()).create(shop.tenant(), "slow", null);
  }
}
