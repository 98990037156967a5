package io.outboxworker.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PassedOverTest {
  private final PassedOver passedOver = new PassedOver();

  @Test
  void the_more_there_are_the_longer_each_is_passed_over() {
    assertThat(passedOver.add(UUID.randomUUID())).isEqualTo(Duration.ofMinutes(1));
    add(999);

    assertThat(passedOver.add(UUID.randomUUID())).isEqualTo(Duration.ofMinutes(3));
    assertThat(passedOver.ids()).hasSize(1_001);
  }

  @Test
  void no_more_than_twenty_thousand_are_remembered() {
    add(20_000);
    UUID more = UUID.randomUUID();

    assertThat(passedOver.add(more)).isZero();
    assertThat(passedOver.contains(more)).isFalse();
    assertThat(passedOver.ids()).hasSize(20_000);
  }

  private void add(int count) {
    for (int i = 0; i < count; i++) {
      passedOver.add(UUID.randomUUID());
    }
  }
}
