package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.subscription.LiveSubscriptions;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.testing.Shop;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who gets the slots of a worker that has fewer of them than are asked for. */
final class StarterTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final Outcome ACCEPTED = new Outcome.Accepted(Duration.ofMillis(1), 204, "");
  private static final Outcome REFUSED =
      new Outcome.Refused(Duration.ofMillis(1), 500, "", "HTTP 500", null);

  private final Shop shop = new Shop();
  private final UUID id = shop.subscribe("a.b", "http://127.0.0.1:9/1");
  private final Subscription subscription =
      shop.subscriptions().find(shop.tenant(), id).orElseThrow();
  private final List<Lane> known = new ArrayList<>();
  private final Load load = new Load(1);
  private final Starter starter = new Starter(TIMEOUT, load, recorder());

  @AfterEach
  void close() {
    shop.close();
  }

  @Test
  void retries_of_failing_endpoints_leave_every_other_slot_to_those_that_work() {
    Lane first = lane(ACCEPTED);
    offer(first, 0);
    assertThat(started()).isEqualTo(first);

    List<Lane> retries = lanes(8, REFUSED, 1);
    List<Lane> failing = lanes(8, REFUSED, 0);
    List<Lane> well = lanes(8, ACCEPTED, 0);

    Lane running = first;
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      load.finished(claim(running, 0));
      starter.pumpWaiting();
      running = started();
      order.add(well.contains(running) ? "well" : retries.contains(running) ? "retry" : "failing");
      assertThat(well.contains(running) || retries.contains(running) || failing.contains(running))
          .isTrue();
    }
    assertThat(order.stream().filter("well"::equals)).hasSize(8);
    assertThat(order.stream().filter("retry"::equals)).hasSize(6);
    assertThat(order.stream().filter("failing"::equals)).hasSize(2);
    assertThat(order.subList(0, 4)).containsExactly("well", "retry", "well", "retry");
  }

  @Test
  void a_lane_that_comes_later_does_not_pass_those_that_wait_although_a_slot_is_free() {
    Lane running = lane(ACCEPTED);
    offer(running, 0);
    started();
    Lane waits = lanes(1, ACCEPTED, 0).get(0);
    load.finished(claim(running, 0));

    Lane late = lane(ACCEPTED);
    offer(late, 0);

    assertThat(started()).isEqualTo(waits);
  }

  @Test
  void of_a_lane_with_many_claims_one_starts_in_each_turn() {
    Lane running = lane(ACCEPTED);
    offer(running, 0);
    started();
    Lane many = lane(ACCEPTED);
    offer(many, 0, 0, 0, 0);
    Lane one = lane(ACCEPTED);
    offer(one, 0);

    List<Lane> order = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      load.finished(claim(running, 0));
      if (running == many) {
        many.finished(claim(many, 0), ACCEPTED, new Verdict.Delivered(), System.nanoTime());
        starter.pump(many);
      }
      starter.pumpWaiting();
      running = started();
      order.add(running);
    }
    assertThat(order).containsExactly(many, one, many);
  }

  @Test
  void a_lane_whose_last_attempt_failed_takes_no_more_while_much_is_held() {
    Load half = new Load(400);
    Lane failing = lane(REFUSED);
    Lane works = lane(ACCEPTED);
    long now = System.nanoTime();
    assertThat(failing.room(now, half)).isPositive();

    for (int i = 0; i < 101; i++) {
      half.took(claim(works, 0));
    }
    assertThat(failing.room(now, half)).isZero();
    assertThat(works.room(now, half)).isPositive();
  }

  @Test
  void what_is_left_of_a_lease_outlasts_the_attempt_by_two_seconds_or_the_claim_goes_back() {
    Lane lane = lane(ACCEPTED);

    lane.add(claim(lane, 0, TIMEOUT.plusMillis(1_990)));
    starter.pump(List.of(lane));
    assertThat(starter.decided()).isEmpty();
    assertThat(lane.held()).isZero();

    lane.add(claim(lane, 0, TIMEOUT.plusSeconds(3)));
    starter.pump(List.of(lane));
    assertThat(started()).isEqualTo(lane);
  }

  private List<Lane> lanes(int count, Outcome last, int attempts) {
    return Stream.generate(() -> lane(last))
        .limit(count)
        .peek(lane -> offer(lane, attempts))
        .toList();
  }

  /** A lane of a subscription like the others', whose last attempt came to this. */
  private Lane lane(Outcome last) {
    Lane lane = new Lane(UUID.randomUUID(), 64);
    known.add(lane);
    long now = System.nanoTime();
    lane.take(new LiveSubscriptions.Copy(lane.subscriptionId, 1, subscription), now);
    lane.copy.confirm(now);
    lane.add(claim(lane, 0));
    lane.start(now);
    lane.finished(claim(lane, 0), last, new Verdict.Delivered(), now);
    return lane;
  }

  private void offer(Lane lane, int... attempts) {
    for (int made : attempts) {
      Claim claim = claim(lane, made);
      lane.add(claim);
      load.took(claim);
    }
    starter.pump(List.of(lane));
  }

  private static Claim claim(Lane lane, int attempts) {
    return claim(lane, attempts, Duration.ofMinutes(1));
  }

  private static Claim claim(Lane lane, int attempts, Duration lease) {
    Message message =
        new Message(UUID.randomUUID(), UUID.randomUUID(), "a.b", new byte[2], null, Instant.EPOCH);
    long leaseEnds = System.nanoTime() + lease.toNanos();
    return new Claim(
        UUID.randomUUID(), lane.subscriptionId, message, attempts, 1, leaseEnds, null, false);
  }

  private Lane started() {
    List<Attempts.Start> decided = starter.decided();
    assertThat(decided).hasSize(1);
    UUID subscriptionId = decided.get(0).claim().subscriptionId();
    return known.stream()
        .filter(lane -> lane.subscriptionId.equals(subscriptionId))
        .findFirst()
        .orElseThrow();
  }

  private Recorder recorder() {
    return new Recorder(
        new Recording(shop.jdbi(), new DatabaseClock(shop.jdbi()), Duration.ofDays(5)),
        new Tally(new Metrics(true, "1.0"), ordered -> {}, retry -> {}),
        1_000);
  }
}
