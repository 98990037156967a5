package io.outboxworker.webhook;

import static io.outboxworker.webhook.Sending.outcome;
import static io.outboxworker.webhook.Sending.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.outboxworker.testing.RawReceiver;
import io.outboxworker.testing.RawReceiver.Request;
import io.outboxworker.webhook.Outcome.Accepted;
import io.outboxworker.webhook.Outcome.Blocked;
import io.outboxworker.webhook.Outcome.Reason;
import io.outboxworker.webhook.Outcome.Refused;
import io.outboxworker.webhook.Outcome.Unreachable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SenderTest {
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Sender SENDER = Sending.sender(Sending.loopback());

  @AfterAll
  static void closeSender() {
    SENDER.close();
  }

  @Test
  void a_post_on_the_wire_is_the_contract_to_the_byte() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering(200)) {
      assertThat(outcome(SENDER, post(receiver.url(), LIMIT))).isInstanceOf(Accepted.class);

      Request request = receiver.requests().get(0);
      assertThat(request.line()).isEqualTo("POST /hook?key=1 HTTP/1.1");
      assertThat(request.body()).isEqualTo(EnvelopeTest.KNOWN_BODY);
      assertThat(request.headers())
          .containsExactlyInAnyOrderEntriesOf(
              Map.ofEntries(
                  Map.entry("host", "127.0.0.1:" + receiver.port()),
                  Map.entry("content-type", "application/json"),
                  Map.entry("content-length", "283"),
                  Map.entry("user-agent", "outbox-worker/1.2.3"),
                  Map.entry(
                      "x-signature",
                      "sha256=aa9a5b5d65ee63a65f4f7ded3d12234d871017044fbb19b78bb930a319dfd6a7"),
                  Map.entry("webhook-id", "018d9a3e-7c1a-7d3f-8a52-6f0d6a1b2c3d"),
                  Map.entry("webhook-timestamp", "1707924645"),
                  Map.entry("webhook-signature", "v1,eTNhHDtuOvjmL6LjqK3Sjx6kxlMD8HiFaKHxRJ7eCdM="),
                  Map.entry("x-webhook-event", "invoice.created"),
                  Map.entry("x-webhook-delivery", "018d9a3e-8000-7000-8000-000000000001"),
                  Map.entry("x-webhook-attempt", "2")));
    }
  }

  @Test
  void during_a_rotation_both_secrets_sign() throws Exception {
    SigningSecret old = SigningSecret.of("a secret of the old kind ü");
    try (RawReceiver receiver = RawReceiver.answering(200)) {
      outcome(SENDER, post(receiver.url(), LIMIT, Sending.BODY, old, Map.of(), null));

      Request request = receiver.requests().get(0);
      assertThat(request.header("X-Signature-Previous"))
          .isEqualTo("sha256=7e4ffbce449556ff755286ec715f2883e0ee59b3ee9eab508abd7e0d6bcb9e54");
      assertThat(request.header("webhook-signature"))
          .isEqualTo(
              "v1,eTNhHDtuOvjmL6LjqK3Sjx6kxlMD8HiFaKHxRJ7eCdM="
                  + " v1,QYiq/iFHeWJ3HmkJl4TFsNLdZGfZVNIl8Vgkt6m4fV4=");
    }
  }

  @Test
  void custom_headers_and_the_trace_go_along_but_never_replace_ours() throws Exception {
    String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    Map<String, String> custom =
        Map.of("X-Api-Key", "k 1", "X-Signature", "sha256=forged", "x-webhook-attempt", "9");
    try (RawReceiver receiver = RawReceiver.answering(200)) {
      outcome(SENDER, post(receiver.url(), LIMIT, Sending.BODY, null, custom, trace));

      Request request = receiver.requests().get(0);
      assertThat(request.header("X-Api-Key")).isEqualTo("k 1");
      assertThat(request.header("traceparent")).isEqualTo(trace);
      assertThat(request.header("X-Signature")).startsWith("sha256=aa9a5b5d");
      assertThat(request.header("X-Webhook-Attempt")).isEqualTo("2");
      assertThat(request.head()).doesNotContain("forged");
    }
  }

  @Test
  void a_trace_that_is_no_header_is_left_out() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering(200)) {
      Post odd = post(receiver.url(), LIMIT, Sending.BODY, null, Map.of(), "00-x\r\nX-Evil: 1");
      assertThat(outcome(SENDER, odd)).isInstanceOf(Accepted.class);
      assertThat(receiver.requests().get(0).headers()).doesNotContainKeys("traceparent", "x-evil");
    }
  }

  @Test
  void a_header_that_cannot_be_sent_is_an_outcome_and_not_an_exception() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering(200)) {
      Post bad =
          post(receiver.url(), LIMIT, Sending.BODY, null, Map.of("X-Key", "sec\r\nret"), null);
      Outcome outcome = outcome(SENDER, bad);
      assertThat(outcome).isInstanceOf(Unreachable.class);
      assertThat(outcome.error()).isEqualTo("a custom header can't be sent");
      assertThat(receiver.requests()).isEmpty();
    }
  }

  @Test
  void a_body_of_256_kib_has_a_content_length_and_arrives_whole() throws Exception {
    byte[] body = ("{\"k\":\"" + "é".repeat(131_072) + "\"}").getBytes(StandardCharsets.UTF_8);
    try (RawReceiver receiver = RawReceiver.answering(200)) {
      outcome(SENDER, post(receiver.url(), LIMIT, body, null, Map.of(), null));

      Request request = receiver.requests().get(0);
      assertThat(request.header("Content-Length")).isEqualTo(Integer.toString(body.length));
      assertThat(request.headers()).doesNotContainKey("transfer-encoding");
      assertThat(request.body().getBytes(StandardCharsets.UTF_8)).isEqualTo(body);
    }
  }

  @Test
  void posts_one_after_another_share_a_connection() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering(200)) {
      for (int i = 0; i < 50; i++) {
        assertThat(outcome(SENDER, post(receiver.url(), LIMIT)).status()).isEqualTo(200);
      }
      assertThat(receiver.requests()).hasSize(50);
      assertThat(receiver.connections()).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void hundreds_of_posts_run_at_once_on_a_handful_of_platform_threads() throws Exception {
    int posts = 300;
    int threads = Thread.activeCount();
    CountDownLatch arrived = new CountDownLatch(posts);
    CountDownLatch answer = new CountDownLatch(1);
    try (RawReceiver receiver =
        RawReceiver.doing(connection -> {
          connection.read();
          arrived.countDown();
          answer.await();
          connection.write(RawReceiver.response(200, "ok"));
        })) {
      List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
      for (int i = 0; i < posts; i++) {
        outcomes.add(SENDER.send(post(receiver.url(), Duration.ofSeconds(20)), Sending.NOW));
      }
      assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(Thread.activeCount()).isLessThan(threads + 20);
      answer.countDown();
      for (CompletableFuture<Outcome> outcome : outcomes) {
        assertThat(outcome.get(20, TimeUnit.SECONDS)).isInstanceOf(Accepted.class);
      }
    }
  }

  @Test
  void an_answer_is_kept_up_to_16_kib_as_text_that_any_database_takes() throws Exception {
    String long16 = "é".repeat(8192);
    try (RawReceiver all = RawReceiver.answering(RawReceiver.response(200, long16));
        RawReceiver more = RawReceiver.answering(RawReceiver.response(200, long16 + "x"));
        RawReceiver odd = RawReceiver.answering(RawReceiver.response(500, "a\0b"));
        RawReceiver raw =
            RawReceiver.doing(connection -> {
              connection.read();
              connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
              connection.write(new byte[] {(byte) 0xff, 'z'});
            })) {
      assertThat(outcome(SENDER, post(all.url(), LIMIT)).answer()).isEqualTo(long16);
      assertThat(outcome(SENDER, post(more.url(), LIMIT)).answer()).isEqualTo(long16);
      assertThat(outcome(SENDER, post(odd.url(), LIMIT)).answer()).isEqualTo("a\uFFFDb");
      assertThat(outcome(SENDER, post(raw.url(), LIMIT)).answer()).isEqualTo("\uFFFDz");
    }
  }

  @Test
  void a_status_outside_2xx_is_refused_and_says_so() throws Exception {
    assertRefused(500, "HTTP 500", "server_error");
    assertRefused(503, "HTTP 503", "server_error");
    assertRefused(404, "HTTP 404", "client_error");
    assertRefused(410, "HTTP 410", "client_error");
    assertRefused(401, "HTTP 401", "client_error");
    assertRefused(407, "HTTP 407", "client_error");
    assertRefused(429, "HTTP 429", "rate_limited");
    assertRefused(304, "HTTP 304 redirect not followed", "redirect");
    assertRefused(999, "HTTP 999", "bad_response");
  }

  private static void assertRefused(int status, String error, String reason) throws Exception {
    try (RawReceiver receiver = RawReceiver.answering(RawReceiver.response(status, ""))) {
      Outcome outcome = outcome(SENDER, post(receiver.url(), LIMIT));
      assertThat(outcome).isInstanceOf(Refused.class);
      assertThat(outcome.status()).isEqualTo(status);
      assertThat(outcome.error()).isEqualTo(error);
      assertThat(outcome.retryReason()).isEqualTo(reason);
      assertThat(receiver.requests()).hasSize(1);
    }
  }

  @Test
  void a_redirect_is_reported_and_never_followed() throws Exception {
    try (RawReceiver target = RawReceiver.answering(200)) {
      for (int status : new int[] {301, 302, 303, 307, 308}) {
        String location =
            "Location: http://u:p@127.0.0.1:" + target.port() + "/in\u0085side?token=1";
        try (RawReceiver receiver =
            RawReceiver.answering(RawReceiver.response(status, "moved", location))) {
          Outcome outcome = outcome(SENDER, post(receiver.url(), LIMIT));
          assertThat(outcome.status()).isEqualTo(status);
          assertThat(outcome.retryReason()).isEqualTo("redirect");
          assertThat(outcome.error())
              .startsWith("HTTP " + status + " redirect to http://127.0.0.1:" + target.port())
              .endsWith(" not followed")
              .doesNotContain("token", "u:p", "\u0085");
          assertThat(receiver.requests()).hasSize(1);
        }
      }
      assertThat(target.connections()).isZero();
    }
  }

  @Test
  void retry_after_is_read_from_429_and_503_alone() throws Exception {
    assertThat(retryAfter(429, "7")).isEqualTo(Duration.ofSeconds(7));
    assertThat(retryAfter(503, "7")).isEqualTo(Duration.ofSeconds(7));
    assertThat(retryAfter(500, "7")).isNull();
    assertThat(retryAfter(503, "Wed, 14 Feb 2024 15:31:45 GMT"))
        .isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
    assertThat(retryAfter(503, "soon")).isNull();
  }

  private static @Nullable Duration retryAfter(int status, String value) throws Exception {
    String answer = RawReceiver.response(status, "", "Retry-After: " + value);
    try (RawReceiver receiver = RawReceiver.answering(answer)) {
      return ((Refused) outcome(SENDER, post(receiver.url(), LIMIT))).retryAfter();
    }
  }

  @Test
  void a_refused_connection_is_a_connection_error() throws Exception {
    try (Socket deaf = new Socket()) {
      deaf.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      URI nobody = URI.create("http://127.0.0.1:" + deaf.getLocalPort() + "/");
      assertUnreachable(nobody, Reason.CONNECTION_ERROR, "connection refused");
    }
  }

  @Test
  void a_host_that_nobody_knows_is_a_dns_error() throws Exception {
    URI unknown = URI.create("http://no-such-host.invalid/");
    assertUnreachable(unknown, Reason.DNS_ERROR, "host name could not be resolved");
  }

  @Test
  void a_server_without_tls_is_a_tls_error() throws Exception {
    try (RawReceiver plain =
        RawReceiver.doing(connection -> {
          connection.write("HTTP/1.1 400 Bad\r\n\r\n");
          connection.awaitEnd();
        })) {
      URI url = URI.create("https://127.0.0.1:" + plain.port() + "/");
      assertUnreachable(url, Reason.TLS_ERROR, "TLS: endpoint does not speak TLS on this port");
    }
  }

  private static void assertUnreachable(URI url, Reason reason, String error) throws Exception {
    Outcome outcome = outcome(SENDER, post(url, LIMIT));
    assertThat(outcome)
        .asInstanceOf(InstanceOfAssertFactories.type(Unreachable.class))
        .satisfies(seen -> {
          assertThat(seen.reason()).isEqualTo(reason);
          assertThat(seen.error()).isEqualTo(error);
          assertThat(seen.retryReason()).isEqualTo(reason.label());
        });
  }

  @Test
  void a_forbidden_target_is_blocked_before_anything_is_sent() throws Exception {
    try (Sender strict = Sending.sender(Sending.rules());
        RawReceiver canary = RawReceiver.answering(200)) {
      Outcome outcome = outcome(strict, post(canary.url(), LIMIT));
      assertThat(outcome).isInstanceOf(Blocked.class);
      assertThat(outcome.error()).isEqualTo("endpoint address is not allowed");
      assertThat(outcome.retryReason()).isNull();
      assertThat(canary.connections()).isZero();
    }
  }

  @Test
  void a_proxy_of_the_jvm_is_not_used_but_one_of_the_configuration_is() throws Exception {
    try (RawReceiver proxy = RawReceiver.answering(200);
        RawReceiver receiver = RawReceiver.answering(200)) {
      System.setProperty("http.proxyHost", "127.0.0.1");
      System.setProperty("http.proxyPort", Integer.toString(proxy.port()));
      System.setProperty("http.nonProxyHosts", "");
      try (Sender fresh = Sending.sender(Sending.loopback())) {
        outcome(fresh, post(receiver.url(), LIMIT));
      } finally {
        System.clearProperty("http.proxyHost");
        System.clearProperty("http.proxyPort");
        System.clearProperty("http.nonProxyHosts");
      }
      assertThat(proxy.connections()).isZero();
      assertThat(receiver.requests()).hasSize(1);

      InetSocketAddress address =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port());
      EndpointGuard guard = new EndpointGuard(Sending.loopback());
      try (Sender proxied = new Sender(guard, "1.2.3", null, address)) {
        URI outside = URI.create("http://hooks.example.com/in?a=b");
        assertThat(outcome(proxied, post(outside, LIMIT))).isInstanceOf(Accepted.class);
      }
      assertThat(proxy.requests().get(0).line())
          .isEqualTo("POST http://hooks.example.com/in?a=b HTTP/1.1");
    }
  }

  @Test
  void closing_ends_what_runs_at_once_and_frees_its_connection() throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    try (RawReceiver silent =
        RawReceiver.doing(connection -> {
          connection.read();
          arrived.countDown();
          connection.awaitEnd();
          ended.countDown();
        })) {
      Sender sender = Sending.sender(Sending.loopback());
      CompletableFuture<Outcome> running =
          sender.send(post(silent.url(), Duration.ofMinutes(1)), Sending.NOW);
      assertThat(arrived.await(10, TimeUnit.SECONDS)).isTrue();
      sender.close();

      assertThat(running.get(2, TimeUnit.SECONDS).error())
          .isEqualTo("the worker stopped before an answer came");
      assertThat(ended.await(5, TimeUnit.SECONDS)).isTrue();
      assertThat(outcome(sender, post(silent.url(), LIMIT))).isInstanceOf(Unreachable.class);
    }
  }

  @Test
  void a_ca_file_that_is_none_is_refused_by_name(@TempDir Path dir) throws IOException {
    Path file = Files.writeString(dir.resolve("ca.pem"), "no certificate");
    EndpointGuard guard = new EndpointGuard(Sending.loopback());
    assertThatThrownBy(() -> new Sender(guard, "1", file, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ca.pem");
    assertThatThrownBy(() -> new Sender(guard, "1", dir.resolve("missing.pem"), null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("missing.pem");
  }
}
