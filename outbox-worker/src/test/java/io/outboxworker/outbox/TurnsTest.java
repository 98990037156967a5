package io.outboxworker.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Which rows are taken next, so that nobody waits for the end of a backlog. */
final class TurnsTest {
  private static final UUID ZERO = new UUID(0, 0);
  private static final UUID NOISY = UUID.randomUUID();
  private static final Instant BEFORE = Instant.parse("2026-11-24T10:00:00Z");
  private static final UUID BELOW = Outbox.smallestIdAt(BEFORE.minusSeconds(2));

  private final Turns turns = new Turns();

  @Test
  void a_batch_that_held_all_lets_the_next_begin_two_seconds_before_it() {
    assertThat(turns.next()).isEqualTo(new Pick.Oldest(ZERO));

    turns.took(turns.next(), Batch.NONE, false, BEFORE, 0);

    assertThat(turns.next()).isEqualTo(new Pick.Oldest(BELOW));
    assertThat(turns.isBehind()).isFalse();
  }

  @Test
  void the_newest_and_the_oldest_take_turns_while_more_waits() {
    took(turns.next(), Set.of());
    assertThat(turns.next()).isEqualTo(new Pick.Newest());

    took(turns.next(), Set.of());

    assertThat(turns.next()).isInstanceOf(Pick.Oldest.class);
    assertThat(turns.isBehind()).isTrue();
  }

  @Test
  void those_who_do_not_flood_come_next_and_from_a_low_water_mark_of_their_own() {
    took(turns.next(), Set.of(NOISY));
    assertThat(turns.isForOthers()).isTrue();
    assertThat(turns.next()).isEqualTo(new Pick.Others(ZERO, Set.of(NOISY)));

    // Full: there are more of them, from the same place on.
    turns.took(turns.next(), Batch.NONE, true, BEFORE, 0);
    assertThat(turns.isForOthers()).isTrue();
    turns.took(turns.next(), Batch.NONE, false, BEFORE, 0);

    assertThat(turns.untilOthersNanos()).isPositive();
    assertThat(turns.next()).isEqualTo(new Pick.Newest());
    while (!turns.isForOthers()) {
      Thread.onSpinWait();
    }
    assertThat(turns.next()).isEqualTo(new Pick.Others(BELOW, Set.of(NOISY)));
  }

  @Test
  void nobody_floods_once_a_batch_held_all_and_then_others_are_sought_from_zero_again() {
    took(turns.next(), Set.of(NOISY));
    turns.took(turns.next(), Batch.NONE, false, BEFORE, 0);
    turns.took(new Pick.Newest(), Batch.NONE, false, BEFORE, 0);
    assertThat(turns.isForOthers()).isFalse();
    assertThat(turns.isBehind()).isFalse();

    took(turns.next(), Set.of(NOISY));

    while (!turns.isForOthers()) {
      Thread.onSpinWait();
    }
    assertThat(turns.next()).isEqualTo(new Pick.Others(ZERO, Set.of(NOISY)));
  }

  private void took(Pick pick, Set<UUID> flooding) {
    turns.took(pick, new Batch(500, 500, 0, List.of(), Set.of(), flooding), true, BEFORE, 0);
  }
}
