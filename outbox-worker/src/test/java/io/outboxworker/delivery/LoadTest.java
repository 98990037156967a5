package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LoadTest {
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
  private static final int FREE = 64 * PROCESSORS;

  private final Load load = new Load(10_000);
  private final long now = System.nanoTime();
  private final long later = now + Duration.ofSeconds(1).toNanos();

  @Test
  void few_start_at_once_and_more_moment_by_moment() {
    start(FREE);
    send(FREE);

    assertThat(load.hasSlot(now)).isFalse();
    assertThat(load.hasSlot(later)).isTrue();
  }

  @Test
  void while_the_threads_that_send_are_behind_no_more_than_those_few_run() {
    start(FREE);

    assertThat(load.hasSlot(later)).isFalse();

    send(FREE - 16 * PROCESSORS - 1);
    assertThat(load.hasSlot(later)).isFalse();

    send(1);
    assertThat(load.hasSlot(later)).isTrue();
  }

  @Test
  void the_first_few_do_not_wait_for_the_threads_that_send() {
    start(FREE - 1);

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
