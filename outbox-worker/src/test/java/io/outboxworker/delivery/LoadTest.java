package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LoadTest {
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
  private static final int FEW = 32 * PROCESSORS;
  private static final int PER_MOMENT = 64 * PROCESSORS;

  private final Load load = new Load(10_000);
  private final long now = System.nanoTime();
  private final long later = now + Duration.ofSeconds(1).toNanos();

  @Test
  void beyond_a_few_they_start_moment_by_moment() {
    start(PER_MOMENT - 1);
    send(PER_MOMENT - 1);
    assertThat(load.hasSlot(now)).isTrue();

    start(1);
    send(1);

    assertThat(load.hasSlot(now)).isFalse();
    assertThat(load.hasSlot(later)).isTrue();
  }

  @Test
  void while_the_threads_that_send_are_behind_no_more_than_a_few_run() {
    start(FEW);

    assertThat(load.hasSlot(later)).isFalse();

    send(FEW - 8 * PROCESSORS - 1);
    assertThat(load.hasSlot(later)).isFalse();

    send(1);
    assertThat(load.hasSlot(later)).isTrue();
  }

  @Test
  void the_first_few_do_not_wait_for_the_threads_that_send() {
    start(FEW - 1);

    assertThat(load.hasSlot(now)).isTrue();
  }

  private void start(int count) {
    for (int i = 0; i < count; i++) {
      load.started(now);
    }
  }

  private void send(int count) {
    for (int i = 0; i < count; i++) {
      load.sending();
    }
  }
}
