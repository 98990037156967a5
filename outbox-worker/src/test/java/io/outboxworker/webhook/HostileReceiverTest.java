package io.outboxworker.webhook;

import static io.outboxworker.webhook.Sending.outcome;
import static io.outboxworker.webhook.Sending.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.RawReceiver;
import io.outboxworker.testing.RawReceiver.Behaviour;
import io.outboxworker.webhook.Outcome.Accepted;
import io.outboxworker.webhook.Outcome.Reason;
import io.outboxworker.webhook.Outcome.Refused;
import io.outboxworker.webhook.Outcome.Unreachable;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class HostileReceiverTest {
  private static final Duration SHORT = Duration.ofMillis(700);
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SLACK = Duration.ofSeconds(3);
  private static final Sender SENDER = Sending.sender(Sending.loopback());

  @AfterAll
  static void closeSender() {
    SENDER.close();
  }

  @Test
  void a_silent_receiver_is_given_up_at_the_deadline() throws Exception {
    assertTimesOut(connection -> {
      connection.read();
      connection.awaitEnd();
    });
  }

  @Test
  void headers_that_drip_are_given_up_at_the_deadline() throws Exception {
    assertTimesOut(connection -> {
      connection.read();
      connection.write("HTTP/1.1 200 OK\r\n");
      connection.drip("X-Slow: ".repeat(1000), 50);
    });
  }

  @Test
  void endless_interim_answers_that_drip_are_given_up_at_the_deadline() throws Exception {
    assertTimesOut(connection -> {
      connection.read();
      connection.drip("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100), 50);
    });
  }

  @Test
  void an_upload_that_nobody_reads_is_given_up_at_the_deadline() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (RawReceiver receiver = RawReceiver.doing(connection -> over.await())) {
      byte[] body = new byte[50_000_000];
      Outcome outcome = outcome(SENDER, post(receiver.url(), SHORT, body, null, Map.of(), null));
      assertTimedOut(outcome);
    } finally {
      over.countDown();
    }
  }

  @Test
  void a_silent_tls_handshake_is_given_up_at_the_deadline() throws Exception {
    try (RawReceiver receiver = RawReceiver.doing(RawReceiver.Connection::awaitEnd)) {
      URI url = URI.create("https://127.0.0.1:" + receiver.port() + "/");
      assertTimedOut(outcome(SENDER, post(url, SHORT)));
      awaitFreed(receiver);
    }
  }

  @Test
  void a_silent_tls_handshake_is_given_up_after_three_seconds_at_most() throws Exception {
    try (RawReceiver receiver = RawReceiver.doing(RawReceiver.Connection::awaitEnd)) {
      URI url = URI.create("https://127.0.0.1:" + receiver.port() + "/");
      Outcome outcome = outcome(SENDER, post(url, LONG));
      assertThat(outcome.error()).isEqualTo("no connection within 3 s");
      assertThat(outcome.retryReason()).isEqualTo("timeout");
      awaitFreed(receiver);
    }
  }

  @Test
  void a_status_counts_although_the_body_drips_until_the_deadline() throws Exception {
    Behaviour drip =
        connection -> {
          connection.read();
          connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegun");
          connection.drip(".".repeat(100_000), 50);
        };
    try (RawReceiver receiver = RawReceiver.doing(drip)) {
      Outcome outcome = outcome(SENDER, post(receiver.url(), SHORT));
      assertThat(outcome).isInstanceOf(Accepted.class);
      assertThat(outcome.answer()).startsWith("begun..");
      assertThat(outcome.took()).isBetween(SHORT, SHORT.plus(SLACK));
      awaitFreed(receiver);
    }
  }

  @Test
  void a_status_counts_although_the_body_breaks() throws Exception {
    assertAccepted(200, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    assertAccepted(200, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\nnonsense");
    assertAccepted(201, "HTTP/1.1 201 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx");
    assertAccepted(202, "HTTP/1.1 202 OK\r\nContent-Length: 9223372036854775807\r\n\r\nx");
    assertAccepted(204, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello");
    assertAccepted(204, "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  }

  @Test
  void a_refusal_counts_although_the_body_breaks() throws Exception {
    Outcome outcome =
        outcomeOf(writing("HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nshort"), LONG);
    assertThat(outcome).isInstanceOf(Refused.class);
    assertThat(outcome.answer()).isEqualTo("short");
  }

  /** Linux leaves what came before a RST to be read. */
  @Test
  void a_status_counts_although_the_connection_is_reset_in_the_body() throws Exception {
    Outcome outcome =
        outcomeOf(
            connection -> {
              connection.read();
              connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
              connection.reset();
            },
            LONG);
    assertThat(outcome).isInstanceOf(Accepted.class);
  }

  @Test
  void an_endless_body_is_cut_off_and_its_connection_closed() throws Exception {
    Behaviour flood =
        connection -> {
          connection.read();
          connection.write("HTTP/1.1 200 OK\r\n\r\n");
          while (true) {
            connection.write("flood ".repeat(1000));
          }
        };
    try (RawReceiver receiver = RawReceiver.doing(flood)) {
      Outcome outcome = outcome(SENDER, post(receiver.url(), LONG));
      assertThat(outcome).isInstanceOf(Accepted.class);
      assertThat(outcome.answer()).hasSize(16 * 1024);
      assertThat(outcome.took()).isLessThan(Duration.ofSeconds(5));
      awaitFreed(receiver);
    }
  }

  @Test
  void a_reset_or_an_end_before_the_status_is_a_connection_error() throws Exception {
    assertUnreachable(RawReceiver.Connection::reset, Reason.CONNECTION_ERROR);
    assertUnreachable(connection -> {}, Reason.CONNECTION_ERROR);
    assertUnreachable(
        connection -> {
          connection.read();
          connection.reset();
        },
        Reason.CONNECTION_ERROR);
    assertUnreachable(
        connection -> {
          connection.read();
        },
        Reason.CONNECTION_ERROR);
    assertUnreachable(writing("HTTP/1.1 200"), Reason.CONNECTION_ERROR);
  }

  @Test
  void what_is_not_http_is_a_bad_response() throws Exception {
    assertUnreachable(writing("220 mail.example.com ESMTP\r\n"), Reason.BAD_RESPONSE);
    assertUnreachable(writing("<html>HTTP/0.9 needs no status</html>\r\n"), Reason.BAD_RESPONSE);
    assertUnreachable(writing("HTTP/1.1 000 Nothing\r\n\r\n"), Reason.BAD_RESPONSE);
    assertUnreachable(writing("HTTP/1.1 -01 Less\r\n\r\n"), Reason.BAD_RESPONSE);
    assertUnreachable(writing("HTTP/1.1 abc Letters\r\n\r\n"), Reason.BAD_RESPONSE);
    assertUnreachable(writing("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), Reason.BAD_RESPONSE);
    assertUnreachable(writing("HTTP/1.1 100 Continue\r\n\r\n".repeat(50)), Reason.BAD_RESPONSE);
    assertUnreachable(
        writing("HTTP/1.1 200 OK\r\n" + "X-Bomb: 0123456789\r\n".repeat(30_000)),
        Reason.BAD_RESPONSE);
    assertUnreachable(writing("HTTP/1.1 200 OK\r\nX: " + "y".repeat(500_000)), Reason.BAD_RESPONSE);
    assertUnreachable(writing("HTTP/1.1 200 " + "y".repeat(500_000)), Reason.BAD_RESPONSE);
  }

  @Test
  void an_answer_that_is_not_http_ends_its_connection_where_the_receiver_keeps_it()
      throws Exception {
    assertFreedAfter("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n", 1);
    assertFreedAfter("HTTP/1.1 102 Processing\r\n\r\n", Integer.MAX_VALUE);
    assertFreedAfter("HTTP/1.1 200 OK\r\n" + "X-More: 0123456789\r\n".repeat(1_000), 100);
  }

  private static void assertFreedAfter(String answer, int times) throws Exception {
    Behaviour keepingOpen =
        connection -> {
          connection.read();
          for (int i = 0; i < times; i++) {
            connection.write(answer);
          }
          connection.awaitEnd();
        };
    try (RawReceiver receiver = RawReceiver.doing(keepingOpen)) {
      Outcome outcome = outcome(SENDER, post(receiver.url(), LONG));
      assertThat(outcome.retryReason()).as(answer).isEqualTo(Reason.BAD_RESPONSE.label());
      awaitFreed(receiver);
    }
  }

  @Test
  void a_connection_that_dies_between_two_posts_fails_no_later_one_twice() throws Exception {
    Behaviour oneEach =
        connection -> {
          connection.read();
          connection.write(RawReceiver.response(200, "ok"));
        };
    try (RawReceiver receiver = RawReceiver.doing(oneEach)) {
      for (int i = 0; i < 20; i++) {
        outcome(SENDER, post(receiver.url(), LONG));
        await().until(() -> receiver.openConnections() == 0);
      }
      // A POST is never repeated behind our back, whatever the connection did.
      assertThat(receiver.requests()).hasSizeLessThanOrEqualTo(20);
      assertThat(receiver.requests()).hasSizeGreaterThanOrEqualTo(10);
    }
  }

  @Test
  void an_early_refusal_of_a_large_body_is_seen() throws Exception {
    Behaviour tooLarge =
        connection -> {
          connection.write(RawReceiver.response(413, "too large", "Connection: close"));
          connection.awaitEnd();
        };
    try (RawReceiver receiver = RawReceiver.doing(tooLarge)) {
      byte[] body = new byte[5_000_000];
      Outcome outcome = outcome(SENDER, post(receiver.url(), LONG, body, null, Map.of(), null));
      assertThat(outcome.status()).isEqualTo(413);
    }
  }

  private static Behaviour writing(String answer) {
    return connection -> {
      connection.read();
      connection.write(answer);
    };
  }

  private static Outcome outcomeOf(Behaviour behaviour, Duration timeout) throws Exception {
    try (RawReceiver receiver = RawReceiver.doing(behaviour)) {
      Outcome outcome = outcome(SENDER, post(receiver.url(), timeout));
      assertThat(outcome.error() == null || outcome.error().length() < 100).isTrue();
      assertThat(String.valueOf(outcome.error())).doesNotContain("127.0.0.1");
      awaitFreed(receiver);
      return outcome;
    }
  }

  private static void assertAccepted(int status, String answer) throws Exception {
    Outcome outcome = outcomeOf(writing(answer), LONG);
    assertThat(outcome).as(answer).isInstanceOf(Accepted.class);
    assertThat(outcome.status()).isEqualTo(status);
    assertThat(outcome.took()).isLessThan(Duration.ofSeconds(5));
  }

  private static void assertUnreachable(Behaviour behaviour, Reason reason) throws Exception {
    Outcome outcome = outcomeOf(behaviour, LONG);
    assertThat(outcome).isInstanceOf(Unreachable.class);
    assertThat(outcome.retryReason()).isEqualTo(reason.label());
    assertThat(outcome.error()).isNotBlank();
    assertThat(outcome.took()).isLessThan(Duration.ofSeconds(5));
  }

  private static void assertTimesOut(Behaviour behaviour) throws Exception {
    try (RawReceiver receiver = RawReceiver.doing(behaviour)) {
      assertTimedOut(outcome(SENDER, post(receiver.url(), SHORT)));
      awaitFreed(receiver);
    }
  }

  private static void assertTimedOut(Outcome outcome) {
    assertThat(outcome.retryReason()).isEqualTo("timeout");
    assertThat(outcome.error()).isEqualTo("no complete answer within 700 ms");
    assertThat(outcome.took()).isBetween(SHORT, SHORT.plus(SLACK));
  }

  /** The receiver sees the end of its connection: no socket outlives its attempt. */
  private static void awaitFreed(RawReceiver receiver) {
    await().atMost(Duration.ofSeconds(5)).until(() -> receiver.openConnections() == 0);
  }
}
