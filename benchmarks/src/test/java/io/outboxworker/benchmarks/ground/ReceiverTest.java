package io.outboxworker.benchmarks.ground;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The receiver, as a client on a plain socket sees it. */
final class ReceiverTest {
  private static final int LONG_BODY = 20_000;

  private final Receiver receiver;
  private final Socket socket;

  ReceiverTest() throws IOException {
    receiver = new Receiver();
    socket = new Socket(InetAddress.getLoopbackAddress(), receiver.port());
  }

  @AfterEach
  void close() throws IOException {
    socket.close();
    receiver.close();
  }

  @Test
  void a_post_is_answered_and_noted_with_its_event_and_endpoint() throws IOException {
    send(post(7, EventId.of(1_795_500_000_000L, 123_456, 42).toString(), 1, "{}"));

    assertThat(status()).isEqualTo(200);
    assertThat(seen()).containsExactly("123456 of 42 at 7: true");
  }

  @Test
  void a_request_that_comes_in_pieces_and_the_next_one_behind_it_are_two() throws IOException {
    String both =
        post(1, EventId.of(1, 10, 1).toString(), 1, "x".repeat(LONG_BODY))
            + post(2, EventId.of(1, 11, 2).toString(), 1, "");
    for (int begin = 0; begin < both.length(); begin += 701) {
      send(both.substring(begin, Math.min(both.length(), begin + 701)));
    }

    assertThat(status()).isEqualTo(200);
    assertThat(status()).isEqualTo(200);
    assertThat(seen()).containsExactly("10 of 1 at 1: true", "11 of 2 at 2: true");
  }

  @Test
  void an_endpoint_that_refuses_first_accepts_the_second_attempt() throws IOException {
    receiver.behave(3, 2, Behaviour.REFUSE_FIRST);
    String id = EventId.of(1, 5, 3).toString();
    send(post(3, id, 1, "{}"));
    send(post(3, id, 2, "{}"));

    assertThat(status()).isEqualTo(500);
    assertThat(status()).isEqualTo(200);
    assertThat(seen()).containsExactly("5 of 3 at 3: false", "5 of 3 at 3: true");
    assertThat(receiver.arrivals().accepted()).isEqualTo(1);
  }

  @Test
  void a_slow_endpoint_answers_in_order_and_not_before_its_time() throws IOException {
    receiver.answerAfter(Duration.ofMillis(30));
    receiver.behave(2, 1, Behaviour.REFUSE);
    long begin = System.nanoTime();
    send(post(1, EventId.of(1, 10, 1).toString(), 1, "{}"));
    send(post(2, EventId.of(1, 11, 2).toString(), 1, "{}"));

    assertThat(status()).isEqualTo(200);
    assertThat(status()).isEqualTo(500);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofMillis(29));
    assertThat(seen()).containsExactly("10 of 1 at 1: true", "11 of 2 at 2: false");
  }

  private static String post(int endpoint, String id, int attempt, String body) {
    return """
    POST /%d HTTP/1.1\r
    Host: 127.0.0.1\r
    Content-Length: %d\r
    X-Webhook-Attempt: %d\r
    webhook-id: %s\r
    \r
    %s\
    """
        .formatted(endpoint, body.length(), attempt, id, body);
  }

  private void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
  }

  private int status() throws IOException {
    StringBuilder answer = new StringBuilder();
    while (answer.indexOf("\r\n\r\n") < 0) {
      answer.append((char) socket.getInputStream().read());
    }
    return Integer.parseInt(answer.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
  }

  private List<String> seen() {
    List<String> seen = new ArrayList<>();
    receiver
        .arrivals()
        .each((seq, tenant, endpoint, accepted, micros) ->
            seen.add("%d of %d at %d: %s".formatted(seq, tenant, endpoint, accepted)));
    return seen;
  }
}
