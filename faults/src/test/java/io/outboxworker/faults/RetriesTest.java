package io.outboxworker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class RetriesTest {
  private final UUID delivery = UUID.randomUUID();

  @Test
  void a_retry_before_its_time_is_early() {
    List<Receipt> posts = List.of(post(1, 10_000), post(2, 11_000), post(3, 12_900));

    assertThat(Retries.early(posts, Set.of())).isEqualTo(1);
  }

  @Test
  void attempts_of_other_deliveries_are_not_compared() {
    List<Receipt> posts = List.of(post(1, 10_000), of(UUID.randomUUID(), 2, 10_100));

    assertThat(Retries.early(posts, Set.of())).isZero();
  }

  @Test
  void nobody_knows_from_its_request_when_an_attempt_without_an_answer_ended() {
    List<Receipt> posts = List.of(post(1, 10_000), post(2, 10_100), post(3, 10_200));

    assertThat(Retries.early(posts, Set.of(new Tables.Attempt(delivery, 1)))).isEqualTo(1);
  }

  @Test
  void an_attempt_that_was_seen_before_and_begins_after_a_moment_is_a_repeated_one() {
    List<Receipt> posts =
        List.of(
            sent(1, 10_000, 70), sent(1, 30_000, 90), sent(1, 45_000, 105), sent(2, 46_000, 106));

    assertThat(Retries.repeatedSince(posts, 100)).isEqualTo(1);
    assertThat(Retries.repeatedSince(posts, 106)).isZero();
  }

  private Receipt sent(int attempt, long at, long second) {
    return new Receipt(at, "/t1/s0", delivery, delivery, attempt, "", "", true, 204, second);
  }

  private Receipt post(int attempt, long at) {
    return of(delivery, attempt, at);
  }

  private static Receipt of(UUID delivery, int attempt, long at) {
    return new Receipt(at, "/t1/s0", delivery, UUID.randomUUID(), attempt, "", "", true, 500, 0);
  }
}
