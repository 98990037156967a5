package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class PaceTest {
  private static final long MILLIS = 1_000_000;
  private static final long SECOND = 1000 * MILLIS;

  @Test
  void one_a_second_lets_one_go_and_the_next_a_second_later() {
    Pace pace = new Pace(1, 0);

    assertThat(pace.available(0)).isEqualTo(1);
    pace.take(0);
    assertThat(pace.available(999 * MILLIS)).isZero();
    assertThat(pace.untilNextNanos(400 * MILLIS)).isEqualTo(600 * MILLIS);
    assertThat(pace.available(SECOND)).isEqualTo(1);
  }

  @Test
  void no_second_sees_more_than_a_tenth_above_the_limit_however_long_it_was_quiet() {
    Pace pace = new Pace(50, 0);
    long start = 3_600 * SECOND;
    int taken = 0;

    for (long now = start; now < start + SECOND; now += MILLIS) {
      while (pace.available(now) > 0) {
        pace.take(now);
        taken++;
      }
    }

    assertThat(taken).isBetween(50, 55);
  }

  @Test
  void in_the_long_run_the_limit_is_reached() {
    Pace pace = new Pace(1_000, 0);
    int taken = 0;

    for (long now = 0; now < 10 * SECOND; now += 7 * MILLIS) {
      while (pace.available(now) > 0) {
        pace.take(now);
        taken++;
      }
    }

    assertThat(taken).isBetween(9_990, 10_100);
  }

  @Test
  void asking_again_waits_for_half_of_what_it_can_hold() {
    Pace pace = new Pace(100, 0);
    for (int i = 0; i < 10; i++) {
      pace.take(0);
    }

    assertThat(pace.available(0)).isZero();
    assertThat(pace.untilWorthwhileNanos(0)).isEqualTo(50 * MILLIS);
    assertThat(pace.untilWorthwhileNanos(60 * MILLIS)).isZero();
  }
}
