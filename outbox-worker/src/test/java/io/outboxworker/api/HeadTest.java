package io.outboxworker.api;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.Worker;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** HEAD: what a GET would answer, without its body. */
final class HeadTest {
  private static final Shop shop = new Shop();
  private static final Workers workers = new Workers(shop);
  private static final Worker worker = workers.start();
  private static final String token = new Tokens(shop.jdbi()).create(shop.tenant(), "head", null);
  private static final HttpClient http = HttpClient.newHttpClient();

  @AfterAll
  static void close() {
    http.close();
    workers.close();
    shop.close();
  }

  @Test
  void what_answers_a_get_answers_a_head_with_the_same_headers_and_no_body() throws Exception {
    for (String path :
        List.of(
            "/livez",
            "/readyz",
            "/openapi.json",
            "/.well-known/webhooks/" + shop.tenant() + "/jwks.json",
            Api.BASE + "/subscriptions",
            Api.BASE + "/deliveries?status=x",
            Api.BASE + "/deliveries/nothing",
            "/nowhere")) {
      var head = send("HEAD", path);
      var get = send("GET", path);

      assertThat(head.statusCode()).as(path).isEqualTo(get.statusCode());
      assertThat(head.body()).as(path).isEmpty();
      for (String name : List.of("Content-Type", "Content-Length", "Content-Security-Policy")) {
        assertThat(head.headers().allValues(name))
            .as(path)
            .isEqualTo(get.headers().allValues(name));
      }
      assertThat(head.headers().firstValue("Content-Length"))
          .contains(String.valueOf(get.body().getBytes(UTF_8).length));
    }
    assertThat(send("HEAD", "/metrics").statusCode()).isEqualTo(200);
  }

  @Test
  void a_stream_has_no_length_to_tell() throws Exception {
    var refused = send("HEAD", Api.BASE + "/deliveries/stream");

    assertThat(refused.statusCode()).isEqualTo(405);
    assertThat(refused.headers().firstValue("Allow")).contains("GET");
    assertThat(send("POST", Api.BASE + "/audit").headers().firstValue("Allow"))
        .contains("GET, HEAD");
  }

  @Test
  void what_can_only_be_read_refuses_all_other_methods_and_names_those_it_has() throws Exception {
    for (String path :
        List.of(
            "/",
            consoleFile(),
            "/livez",
            "/readyz",
            "/metrics",
            "/openapi.json",
            "/.well-known/webhooks/" + shop.tenant() + "/jwks.json")) {
      for (String method : List.of("POST", "PUT", "PATCH", "DELETE", "OPTIONS")) {
        var refused = send(method, path);
        assertThat(refused.statusCode()).as(method + path).isEqualTo(405);
        assertThat(refused.headers().firstValue("Allow")).contains("GET, HEAD");
        assertThat(refused.body())
            .contains("problem:method-not-allowed", "allowed here: GET, HEAD");
        assertThat(refused.headers().firstValue("Content-Security-Policy"))
            .contains("default-src 'none'; frame-ancestors 'none'");
      }
    }
    assertThat(send("POST", "/console/absent.js").statusCode()).isEqualTo(404);
  }

  private static String consoleFile() throws Exception {
    var file = Pattern.compile("src=\"(console/[^\"]+)\"").matcher(send("GET", "/").body());
    assertThat(file.find()).isTrue();
    return "/" + file.group(1);
  }

  @Test
  void a_refused_head_leaves_the_connection_fit_for_the_next_request() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), worker.httpPort())) {
      socket.setSoTimeout(10_000);
      for (int i = 0; i < 2; i++) {
        socket
            .getOutputStream()
            .write("HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
        assertThat(head(socket.getInputStream())).startsWith("HTTP/1.1 404 Not Found\r\n");
      }
    }
  }

  /** Up to the empty line. */
  private static String head(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      assertThat(next).as("the answer ended: %s", head).isNotNegative();
      head.append((char) next);
    }
    return head.toString();
  }

  private static HttpResponse<String> send(String method, String path)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + worker.httpPort() + path);
    return http.send(
        HttpRequest.newBuilder(uri)
            .header("Authorization", "Bearer " + token)
            .method(method, BodyPublishers.noBody())
            .build(),
        BodyHandlers.ofString());
  }
}
