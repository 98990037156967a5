package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What lanes ask the database for, and what they learn from its answer. */
final class WantedTest {
  private final Load load = new Load(2_048);
  private final long now = System.nanoTime();

  @Test
  void many_lanes_that_may_have_one_each_are_asked_together() {
    List<Lane> lanes = lanesWithParked(10_000);

    Wanted wanted = Wanted.by(lanes, 1_000, load, now);

    assertThat(wanted.rooms()).hasSize(500);
    assertThat(wanted.rooms().values()).containsOnly(2);
    assertThat(wanted.cut()).isTrue();
  }

  @Test
  void one_lane_among_many_without_room_gets_all_that_it_can_take() {
    List<Lane> lanes = lanesWithParked(101);
    lanes.subList(1, 101).forEach(this::fill);

    Wanted wanted = Wanted.by(lanes, 1_000, load, now);

    assertThat(wanted.rooms()).containsOnlyKeys(lanes.get(0).subscriptionId);
    assertThat(wanted.rooms().values()).containsOnly(Lane.FIRST_HOLD);
    assertThat(wanted.cut()).isFalse();
  }

  @Test
  void a_lane_that_gets_less_than_it_asked_for_has_no_more() {
    List<Lane> lanes = lanesWithParked(3);
    Wanted wanted = Wanted.by(lanes, 6, load, now);

    List<Claim> claims =
        List.of(claim(lanes.get(0), 100), claim(lanes.get(1), 100), claim(lanes.get(1), 100));

    assertThat(wanted.exhausted(claims))
        .containsOnlyKeys(lanes.get(0).subscriptionId, lanes.get(2).subscriptionId);
  }

  @Test
  void an_answer_that_was_cut_for_its_size_says_nothing_of_what_is_left() {
    List<Lane> lanes = lanesWithParked(3);
    Wanted wanted = Wanted.by(lanes, 6, load, now);

    assertThat(wanted.exhausted(List.of(claim(lanes.get(0), Deliveries.MAX_BATCH_BYTES))))
        .isEmpty();
  }

  @Test
  void a_claim_that_was_put_back_starts_before_others_of_its_kind_and_after_retries() {
    Lane lane = lanesWithParked(1).get(0);
    Claim first = claim(lane, 1);
    Claim second = claim(lane, 1);
    Claim retry = retry(lane);
    HeldClaims held = new HeldClaims();
    held.add(second);
    held.add(retry);
    held.putBack(first);

    List<Claim> order = new ArrayList<>();
    for (Claim next = held.next(); next != null; next = held.next()) {
      order.add(next);
      held.removeNext();
    }

    assertThat(order).containsExactly(retry, first, second);
  }

  private static List<Lane> lanesWithParked(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> {
          Lane lane = new Lane(UUID.randomUUID(), 64);
          lane.noteParked();
          return lane;
        })
        .toList();
  }

  private void fill(Lane lane) {
    while (lane.room(now, load) > 0) {
      lane.add(claim(lane, 1));
    }
  }

  private static Claim claim(Lane lane, int bytes) {
    return claim(lane, bytes, 0);
  }

  private static Claim retry(Lane lane) {
    return claim(lane, 1, 1);
  }

  private static Claim claim(Lane lane, int bytes, int attempts) {
    Message message =
        new Message(
            UUID.randomUUID(), UUID.randomUUID(), "a.b", new byte[bytes], null, Instant.EPOCH);
    return new Claim(UUID.randomUUID(), lane.subscriptionId, message, attempts, 1, 0, null, false);
  }
}
