package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.Worker;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Wrong tokens, of which one address may send so many. */
final class WrongTokensTest {
  private static final Shop shop = new Shop();
  private static final Workers workers = new Workers(shop);

  @AfterAll
  static void close() {
    workers.close();
    shop.close();
  }

  @Test
  void whoever_tries_many_tokens_is_refused_unasked_and_those_with_a_right_one_are_not() {
    Worker worker = workers.start();
    try (ApiClient owner = ApiClient.of(worker, shop);
        ApiClient nobody = ApiClient.with(worker, shop.tenant(), null)) {
      assertThat(owner.get("/audit").status()).isEqualTo(200);

      List<Reply> replies = IntStream.range(0, 120).mapToObj(n -> call(nobody, wrong(n))).toList();
      Reply refused = replies.getLast();

      assertThat(replies.subList(0, 100)).allMatch(reply -> reply.status() == 401);
      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.text("detail")).isEqualTo("too many wrong tokens came from this address");
      assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 6);
      assertThat(owner.get("/audit").status()).as("a token that was right before").isEqualTo(200);
      assertThat(call(nobody, "Bearer whk_no-such-form").status())
          .as("no query, no count")
          .isEqualTo(401);
      assertThat(nobody.get("/subscriptions").status()).isEqualTo(401);
      assertThat(call(nobody, wrong(7)).status()).as("one that was wrong before").isEqualTo(401);
    }
  }

  @Test
  void addresses_are_counted_apart_and_an_ipv6_network_as_one() {
    WrongTokens tokens = new WrongTokens();

    assertThat(guesses(tokens, Stream.generate(() -> "192.0.2.1"))).isEqualTo(100);
    assertThat(guesses(tokens, Stream.generate(() -> "192.0.2.2"))).isEqualTo(100);
    assertThat(
            guesses(
                tokens,
                IntStream.iterate(1, n -> n + 1)
                    .mapToObj(n -> "2001:db8::" + Integer.toHexString(n))))
        .isEqualTo(100);
    assertThat(guesses(tokens, Stream.of("2001:db8:0:1::1"))).isEqualTo(1);
  }

  @Test
  void a_client_that_repeats_one_wrong_token_uses_up_nothing() {
    try (ApiClient nobody = ApiClient.with(workers.start(), shop.tenant(), null)) {
      for (int i = 0; i < 150; i++) {
        assertThat(call(nobody, wrong(1)).status()).isEqualTo(401);
      }
      assertThat(call(nobody, wrong(2)).status()).isEqualTo(401);
    }
  }

  /** How many wrong tokens are looked up before the first is refused. */
  private static long guesses(WrongTokens tokens, Stream<String> addresses) {
    return addresses
        .limit(200)
        .takeWhile(address -> {
          try {
            tokens.counted(
                address,
                UUID.randomUUID().toString(),
                () -> {
                  throw Problem.of(Problem.Kind.UNAUTHORIZED, "wrong");
                });
            throw new AssertionError("never let in");
          } catch (Problem problem) {
            return problem.kind() == Problem.Kind.UNAUTHORIZED;
          }
        })
        .count();
  }

  private static Reply call(ApiClient nobody, String authorization) {
    return nobody.send(nobody.request("/subscriptions").header("Authorization", authorization));
  }

  private static String wrong(int number) {
    return "Bearer whk_%043d".formatted(number);
  }
}
