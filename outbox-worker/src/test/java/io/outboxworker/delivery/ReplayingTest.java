package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.SqlFault;
import io.outboxworker.delivery.Replay.Criteria;
import io.outboxworker.testing.Shop;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The background work of replays: bounded, resumable, and each delivery once. */
final class ReplayingTest {
  private static final int MOST_UNFINISHED = 200;

  private final Shop shop = new Shop();
  private final Replays replays = new Replays(shop.jdbi(), parked -> {});
  private final UUID first = shop.subscribe("a.b", "http://127.0.0.1:9/1");
  private final UUID second = shop.subscribe("a.b", "http://127.0.0.1:9/2");

  @AfterEach
  void close() {
    shop.close();
  }

  @Test
  void a_subscription_has_few_replayed_deliveries_at_a_time_and_holds_up_no_other() {
    log(first, "failed", 500);
    log(second, "failed", 10);
    Replay replay = replays.start(criteria(null, Replay.Status.FAILED, false));
    assertThat(replay.count()).isEqualTo(510);

    step(10);

    assertThat(waiting(first)).isEqualTo(MOST_UNFINISHED);
    assertThat(waiting(second)).isEqualTo(10);
    assertThat(found(replay).replayed()).isEqualTo(MOST_UNFINISHED + 10);
    assertThat(found(replay).finishedAt()).isNull();
    finishAll(replay);
    assertThat(found(replay).replayed()).isEqualTo(510);
    assertThat(found(replay).finishedAt()).isNotNull();
    assertThat(shop.database().number("select count(*) from webhooks.replay_part")).isZero();
    assertThat(replays.count(criteria(null, Replay.Status.FAILED, false)))
        .as("those that failed again, and not those that were replayed")
        .isEqualTo(510);
    assertThat(replays.count(criteria(null, Replay.Status.FAILED, true))).isEqualTo(1_020);
  }

  @Test
  void workers_that_replay_at_the_same_time_and_die_in_between_send_each_delivery_once()
      throws Exception {
    log(first, "failed", 700);
    log(second, "delivered", 300);
    Replay replay = replays.start(criteria(null, Replay.Status.ALL, false));
    Callable<Integer> worker =
        () -> {
          Replaying replaying = new Replaying(shop.jdbi(), parked -> {});
          for (int i = 0; i < 40; i++) {
            replaying.step();
            finishWaiting();
          }
          return 1;
        };
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < 20 && found(replay).finishedAt() == null; round++) {
        threads.invokeAll(IntStream.range(0, 3).mapToObj(n -> worker).toList());
      }
    }

    assertThat(found(replay).finishedAt()).isNotNull();
    assertThat(found(replay).replayed()).isEqualTo(1_000);
    assertThat(
            shop.row(
                "select count(*), count(distinct replay_of) from webhooks.delivery_log"
                    + " where replay_of is not null"))
        .containsExactly("1000", "1000");
  }

  @Test
  void events_without_a_delivery_are_missed_ones_and_only_those_the_subscription_wants() {
    UUID other = shop.subscribe("c.*", "http://127.0.0.1:9/3");
    events("a.b", 1_500);
    log(first, "delivered", 5);
    events("c.d", 3);

    assertThat(replays.count(criteria(first, Replay.Status.MISSED, false))).isEqualTo(1_500);
    assertThat(replays.count(criteria(second, Replay.Status.MISSED, false))).isEqualTo(1_505);
    assertThat(replays.count(criteria(other, Replay.Status.MISSED, false))).isEqualTo(3);
    Replay replay = replays.start(criteria(first, Replay.Status.MISSED, false));
    finishAll(replay);

    assertThat(found(replay).replayed()).isEqualTo(1_500);
    assertThat(replays.count(criteria(first, Replay.Status.MISSED, false))).isZero();
    assertThat(
            shop.database()
                .number(
                    "select count(distinct event_id) from webhooks.delivery_log where"
                        + " subscription_id = '%s'".formatted(first)))
        .isEqualTo(1_505);
  }

  /** A limit of its own could be longer than what its connection waits for an answer. */
  @Test
  void counting_has_no_more_time_than_any_other_statement_of_its_connection() {
    String url = shop.database().jdbcUrl() + "&options=-c%20statement_timeout%3D300";
    try (Database hasty = Database.open(new DatabaseSettings(url, null, null), "test", 1, null);
        Handle lock = shop.jdbi().open()) {
      Replays late = new Replays(hasty.jdbi(), parked -> {});
      lock.begin().execute("lock table delivery_log");

      for (Replay.Status status : List.of(Replay.Status.FAILED, Replay.Status.MISSED)) {
        assertThatThrownBy(() -> late.count(criteria(first, status, false)))
            .matches(SqlFault::isTimeout);
        assertThatThrownBy(() -> late.start(criteria(first, status, false)))
            .matches(SqlFault::isTimeout);
      }
      lock.rollback();
    }
  }

  @Test
  void a_replay_passes_over_what_was_erased_and_ends_where_its_subscription_is_paused() {
    log(first, "failed", 3);
    log(second, "failed", 2);
    UUID erased =
        UUID.fromString(
            String.valueOf(
                shop.database()
                    .text(
                        "select id from webhooks.delivery_log where subscription_id = '%s' limit 1"
                            .formatted(first))));
    Replay replay = replays.start(criteria(null, Replay.Status.FAILED, false));
    assertThat(replay.count()).isEqualTo(5);

    assertThat(new Erasure(shop.jdbi()).erase(shop.tenant(), erased))
        .isEqualTo(Erasure.Erased.DONE);
    shop.subscriptions().setActive(shop.tenant(), second, false);
    step(4);

    assertThat(waiting(first)).isEqualTo(2);
    assertThat(waiting(second)).isZero();
    assertThat(found(replay).replayed()).isEqualTo(2);
    assertThat(found(replay).finishedAt()).isNotNull();
  }

  @Test
  void a_part_that_fails_holds_up_no_other_and_is_done_when_it_can_be() {
    log(first, "failed", 3);
    log(second, "failed", 2);
    shop.database()
        .exec(
            "alter table webhooks.delivery add constraint not_yet check (subscription_id <> '%s')"
                .formatted(first));
    Replay failing = replays.start(criteria(first, Replay.Status.FAILED, false));
    Replay other = replays.start(criteria(second, Replay.Status.FAILED, false));
    Replaying replaying = new Replaying(shop.jdbi(), parked -> {});

    assertThatThrownBy(replaying::step).hasMessageContaining("not_yet");
    replaying.step();

    assertThat(waiting(second)).isEqualTo(2);
    assertThat(found(other).finishedAt()).isNotNull();
    shop.database()
        .exec(
            """
            alter table webhooks.delivery drop constraint not_yet;
            update webhooks.replay_part set next_at = now()
            """);
    replaying.step();
    assertThat(waiting(first)).isEqualTo(3);
    assertThat(found(failing).finishedAt()).isNotNull();
  }

  @Test
  void an_erased_resource_takes_all_its_events_but_those_that_are_still_needed() {
    log(first, "delivered", 3);
    events("a.b", 2);
    UUID pending = shop.publish("a.b", "{\"name\":\"Bob\"}");
    Erasure erasure = new Erasure(shop.jdbi());

    Erasure.Resource done = erasure.eraseResource(shop.tenant(), null, "r-1");

    assertThat(done).isEqualTo(new Erasure.Resource(5, 1));
    assertThat(
            shop.database()
                .number(
                    "select count(*) from webhooks.event_log where data::text = '{}' and erased_at"
                        + " is not null"))
        .isEqualTo(5);
    assertThat(shop.database().text("select id from webhooks.outbox"))
        .isEqualTo(pending.toString());
    assertThat(erasure.eraseResource(shop.tenant(), "other", "r-1").erased()).isZero();
    assertThat(erasure.eraseResource(UUID.randomUUID(), null, "r-1"))
        .isEqualTo(new Erasure.Resource(0, 0));
  }

  /** Finished deliveries of as many events. */
  private void log(UUID subscription, String status, int count) {
    shop.database()
        .exec(
            """
            with logged as (
              insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
              select webhooks.uuid_v7(), '%1$s', 'a.b', 'a', 'r-1', '{"name":"Alice"}', now()
              from generate_series(1, %4$d) returning id)
            insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status,
              attempts, history, created_at)
            select webhooks.uuid_v7(), id, '%2$s', '%1$s', 'a.b', 'r-1', 'https://x', '%3$s', 1,
              '[{"attempt":1,"at":"2026-01-01T00:00:00Z","response":"Alice"}]', now() from logged\
            """
                .formatted(shop.tenant(), subscription, status, count));
    awaitPast("delivery_log");
  }

  private void events(String event, int count) {
    shop.database()
        .exec(
            """
            insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
            select webhooks.uuid_v7(), '%s', '%s', 'a', 'r-1', '{"name":"Alice"}', now() from generate_series(1, %d)\
            """
                .formatted(shop.tenant(), event, count));
    awaitPast("event_log");
  }

  /** A replay ends before the present millisecond, which may be that of the newest rows. */
  private void awaitPast(String log) {
    String newer =
        "select count(*) from webhooks.%s where id >= webhooks.uuid_v7_at(now())".formatted(log);
    await().until(() -> shop.database().number(newer) == 0);
  }

  private Criteria criteria(@Nullable UUID subscription, Replay.Status status, boolean again) {
    Instant since = Instant.now().minus(Duration.ofHours(1));
    return new Criteria(shop.tenant(), subscription, since, null, status, null, again);
  }

  private void step(int times) {
    Replaying replaying = new Replaying(shop.jdbi(), parked -> {});
    for (int i = 0; i < times; i++) {
      replaying.step();
    }
  }

  private void finishAll(Replay replay) {
    for (int round = 0; round < 50 && found(replay).finishedAt() == null; round++) {
      shop.database().exec("update webhooks.replay_part set next_at = now()");
      step(1);
      finishWaiting();
    }
    finishWaiting();
  }

  /** What a worker would do with them: one attempt each, that fails. */
  private void finishWaiting() {
    shop.database()
        .exec(
            """
            with ended as (delete from webhooks.delivery where id = any(array(
              select id from webhooks.delivery for update skip locked)) returning *)
            insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, url, status, attempts,
              replay_of, created_at)
            select id, event_id, subscription_id, tenant_id, event, 'https://x', 'failed', 1, replay_of, created_at
            from ended\
            """);
  }

  private long waiting(UUID subscription) {
    return shop.database()
        .number(
            "select count(*) from webhooks.delivery where subscription_id = '%s' and lease_until is null"
                .formatted(subscription));
  }

  private Replay found(Replay replay) {
    return replays.find(shop.tenant(), replay.id()).orElseThrow();
  }
}
