package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.Worker;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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
    try (ApiClient owner = ApiClient.of(worker, shop)) {
      assertThat(owner.get("/audit").status()).isEqualTo(200);

      assertThat(IntStream.range(0, 100).map(n -> call(worker, wrong(n)).status()))
          .containsOnly(401);
      Reply refused = call(worker, wrong(100));

      assertThat(refused.status()).isEqualTo(429);
      assertThat(refused.text("detail")).isEqualTo("too many wrong tokens came from this address");
      assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 6);
      assertThat(owner.get("/audit").status()).as("a token that was right before").isEqualTo(200);
      assertThat(call(worker, "whk_no-such-form").status()).as("no query, no count").isEqualTo(401);
      assertThat(call(worker, null).status()).isEqualTo(401);
      assertThat(call(worker, wrong(7)).status()).as("one that was wrong before").isEqualTo(401);
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
    Worker worker = workers.start();
    for (int i = 0; i < 150; i++) {
      assertThat(call(worker, wrong(1)).status()).isEqualTo(401);
    }
    assertThat(call(worker, wrong(2)).status()).isEqualTo(401);
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

  private static Reply call(Worker worker, @Nullable String token) {
    try (ApiClient client = ApiClient.with(worker, shop.tenant(), token)) {
      return client.get("/subscriptions");
    }
  }

  private static String wrong(int number) {
    return "whk_" + "%043d".formatted(number);
  }
}
