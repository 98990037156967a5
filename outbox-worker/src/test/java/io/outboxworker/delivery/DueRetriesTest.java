package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.database.Database;
import io.outboxworker.delivery.DueRetries.Rooms;
import io.outboxworker.delivery.DueRetries.Taken;
import io.outboxworker.testing.Shop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Retries are taken many at a time, and each only when it is due and its lane has room. */
final class DueRetriesTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Shop shop = new Shop();
  private final UUID first = shop.subscribe("a.b", "http://127.0.0.1:9/1");
  private final UUID second = shop.subscribe("a.b", "http://127.0.0.1:9/2");
  private final DueRetries retries =
      new DueRetries(shop.jdbi(), new Deliveries(shop.jdbi(), "test", TIMEOUT), TIMEOUT);

  @AfterEach
  void close() {
    shop.close();
  }

  @Test
  void ten_thousand_that_are_due_at_once_are_taken_in_few_statements() {
    waiting(first, 6_000, "- interval '1 s'");
    waiting(second, 4_000, "- interval '1 s'");

    List<Claim> claims = new ArrayList<>();
    int statements = 0;
    Taken taken;
    do {
      taken = retries.take(Instant.EPOCH, roomFor(100_000));
      claims.addAll(taken.claims());
      statements++;
    } while (taken.more());

    assertThat(claims).hasSize(10_000);
    assertThat(claims.stream().map(Claim::id).distinct()).hasSize(10_000);
    assertThat(statements).isBetween(20, 21);
    assertThat(
            shop.row(
                "select count(*), min(claims), count(lease_token), count(next_attempt_at) from"
                    + " delivery where lease_until > now() + interval '20 s'"))
        .containsExactly("10000", "2", "10000", "0");
    assertThat(claims.get(0).attempt()).isEqualTo(2);
    assertThat(claims.get(0).isRetry()).isTrue();
  }

  @Test
  void one_that_is_not_due_waits_unless_it_was_to_be_by_the_time_of_its_timer() {
    waiting(first, 1, "- interval '1 s'");
    waiting(first, 1, "+ interval '1 min'");

    assertThat(retries.take(Instant.EPOCH, roomFor(64)).claims()).hasSize(1);
    assertThat(retries.take(Instant.EPOCH, roomFor(64)))
        .isEqualTo(new Taken(List.of(), Set.of(), false));
    assertThat(retries.take(Instant.now().plusSeconds(61), roomFor(64)).claims()).hasSize(1);
  }

  @Test
  void a_lane_takes_what_it_has_room_for_and_the_rest_is_parked() {
    waiting(first, 5, "- interval '1 s'");
    waiting(second, 5, "- interval '1 s'");

    Taken taken = retries.take(Instant.EPOCH, new Rooms(List.of(first), List.of(2), 64));

    assertThat(taken.claims()).filteredOn(c -> c.subscriptionId().equals(first)).hasSize(2);
    assertThat(taken.claims()).filteredOn(c -> c.subscriptionId().equals(second)).hasSize(5);
    assertThat(taken.parked()).containsExactly(first);
    assertThat(
            shop.row(
                "select count(*), max(claims), max(attempts), count(lease_token),"
                    + " count(next_attempt_at) from delivery where lease_until is null"))
        .containsExactly("3", "1", "1", "0", "0");
  }

  @Test
  void a_lane_that_this_worker_does_not_know_keeps_to_its_own_limits() {
    shop.database()
        .exec(
            """
            update webhooks.subscription set max_in_flight = 3 where id = '%s';
            update webhooks.subscription set max_per_second = 4 where id = '%s'
            """
                .formatted(first, second));
    waiting(first, 9, "- interval '1 s'");
    waiting(second, 9, "- interval '1 s'");

    Taken taken = retries.take(Instant.EPOCH, roomFor(64));

    assertThat(taken.claims()).filteredOn(c -> c.subscriptionId().equals(first)).hasSize(3);
    assertThat(taken.claims()).filteredOn(c -> c.subscriptionId().equals(second)).hasSize(4);
  }

  @Test
  void suspects_and_those_of_inactive_subscriptions_are_parked_for_the_sweep() {
    waiting(first, 1, "- interval '1 s'");
    shop.database().exec("update webhooks.delivery set claims = 3");
    waiting(second, 2, "- interval '1 s'");
    shop.database()
        .exec("update webhooks.subscription set active = false where id = '" + second + "'");

    Taken taken = retries.take(Instant.EPOCH, roomFor(64));

    assertThat(taken.claims()).isEmpty();
    assertThat(
            shop.database()
                .number("select count(*) from webhooks.delivery where lease_until is null"))
        .isEqualTo(3);
  }

  @Test
  void large_payloads_come_in_portions_that_fit_into_memory() {
    waiting(first, 40, "- interval '1 s'");
    shop.database()
        .exec("update webhooks.event_log set data = json_build_object('x', repeat('x', 250000))");

    List<Integer> portions = new ArrayList<>();
    Taken taken;
    do {
      taken = retries.take(Instant.EPOCH, roomFor(64));
      portions.add(taken.claims().size());
    } while (taken.more());

    assertThat(portions).containsExactly(33, 7);
  }

  /**
   * Statistics of a moment without retries promise one row, which a join with all took at its word.
   */
  @Test
  void due_retries_are_read_once_whatever_the_planner_expects() {
    waiting(first, 2_000, "- interval '1 s'");
    shop.database()
        .exec(
            """
            alter table webhooks.delivery set (autovacuum_enabled = off);
            update webhooks.delivery set next_attempt_at = null;
            analyze webhooks.delivery;
            update webhooks.delivery set next_attempt_at = now() - interval '1 s'
            """);

    int claimed = 0;
    try (Database pool = Database.openUnhurried(shop.database().settings(), "test", 1, null)) {
      DueRetries unhurried =
          new DueRetries(pool.jdbi(), new Deliveries(pool.jdbi(), "test", TIMEOUT), TIMEOUT);
      for (int i = 0; i < 4; i++) {
        claimed += unhurried.take(Instant.EPOCH, roomFor(100_000)).claims().size();
      }
    }

    assertThat(claimed).isEqualTo(2_000);
    String read =
        "select idx_tup_read from pg_stat_user_indexes where indexrelname = 'delivery_due'";
    await().until(() -> shop.database().number(read) >= 2_000);
    assertThat(shop.database().number(read)).isLessThan(9_000);
  }

  private static Rooms roomFor(int each) {
    return new Rooms(List.of(), List.of(), each);
  }

  /** Deliveries after their first attempt, that are due at this distance from now. */
  private void waiting(UUID subscription, int count, String due) {
    shop.database()
        .exec(
            """
            with event as (
              insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
              select webhooks.uuid_v7(), '%1$s', 'a.b', 'a', n::text, '{}', now() from generate_series(1, %3$d) n
              returning id)
            insert into webhooks.delivery (event_id, subscription_id, tenant_id, claims, attempts, history,
              next_attempt_at, lease_until)
            select id, '%2$s', '%1$s', 1, 1, '[{"attempt":1}]', now() %4$s, now() %4$s + interval '10 s' from event
            """
                .formatted(shop.tenant(), subscription, count, due));
  }
}
