package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class HealthTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Outcome ANSWER = new Outcome.Accepted(Duration.ofMillis(5), 200, "");
  private static final Verdict DELIVERED = new Verdict.Delivered();
  private static final Verdict FAILED = new Verdict.Failed(false);

  @Test
  void each_answer_doubles_what_an_endpoint_may_get_up_to_the_limit() {
    Health health = new Health();

    health.learn(ANSWER, DELIVERED, 10, 0);
    assertThat(health.limit()).isEqualTo(8);
    health.learn(ANSWER, DELIVERED, 10, 0);
    assertThat(health.limit()).isEqualTo(10);
  }

  @Test
  void a_time_out_among_answers_halves_it() {
    Health health = new Health();
    health.listen(0);
    health.learn(ANSWER, DELIVERED, 64, SECOND);

    health.learn(timeOut(), FAILED, 64, SECOND + SECOND / 10);

    assertThat(health.limit()).isEqualTo(4);
    assertThat(health.isInTrouble()).isFalse();
  }

  @Test
  void a_time_out_without_any_answer_brings_it_to_one_at_once() {
    Health health = new Health();
    for (int i = 0; i < 4; i++) {
      health.learn(ANSWER, DELIVERED, 64, 0);
    }
    assertThat(health.limit()).isEqualTo(64);

    health.learn(timeOut(), FAILED, 64, 10 * SECOND);

    assertThat(health.limit()).isEqualTo(1);
    assertThat(health.isInTrouble()).isTrue();
  }

  @Test
  void it_stays_silent_after_a_time_out_until_an_answer_comes() {
    Health health = new Health();
    health.listen(0);
    assertThat(health.isSilent(SECOND / 4)).isFalse();
    assertThat(health.isSilent(SECOND)).isTrue();

    health.learn(timeOut(), FAILED, 64, 10 * SECOND);
    health.listen(11 * SECOND);
    assertThat(health.isSilent(11 * SECOND)).isTrue();

    health.learn(ANSWER, DELIVERED, 64, 12 * SECOND);
    assertThat(health.isSilent(12 * SECOND)).isFalse();
  }

  private static Outcome timeOut() {
    return new Outcome.Unreachable(Duration.ofSeconds(10), Outcome.Reason.TIMEOUT, "no answer");
  }
}
