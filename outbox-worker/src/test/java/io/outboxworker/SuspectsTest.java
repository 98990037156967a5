package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.TestReceiver.Received;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Deliveries whose workers died twice: they run one at a time, and the last one is to blame. */
final class SuspectsTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(15);

  @Test
  void one_that_was_on_trial_when_its_worker_died_ends_as_lost() {
    UUID lost = delivery("claims = 3, on_trial = true");

    workers.start();

    await().atMost(SOON).until(() -> status(lost).equals("failed"));
    assertThat(receiver.received()).isEmpty();
    assertThat(shop.row("select attempts, last_error from webhooks.delivery_log"))
        .containsExactly("0", "worker_lost");
  }

  @Test
  void a_worker_that_may_only_have_lost_its_database_has_three_seconds_to_record_its_result() {
    delivery(
        "claims = 3, on_trial = true, lease_token = 7::bigint << 32,"
            + " lease_until = now() - interval '1 s'");

    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(
            shop.row(
                "select last_error, finished_at - found_at >= interval '3 s'"
                    + " from delivery_log, lost_worker"))
        .containsExactly("worker_lost", "t");
  }

  @Test
  void one_that_was_only_held_when_its_workers_died_is_tried_however_often_that_was() {
    UUID held = delivery("claims = 9, lease_token = 1");

    workers.start();

    await().atMost(SOON).until(() -> status(held).equals("delivered"));
    assertThat(receiver.received()).hasSize(1);
  }

  @Test
  void it_is_marked_on_the_disk_before_it_is_sent_and_not_any_more_once_it_was_answered() {
    UUID suspect = delivery("claims = 2");
    shop.database()
        .exec(
            """
            create table public.mark (lsn pg_lsn);
            create function public.note_mark() returns trigger language plpgsql as $$
              begin
                insert into public.mark values (pg_current_wal_insert_lsn());
                return new;
              end $$;
            create trigger note_mark after update on webhooks.delivery for each row
              when (new.on_trial and not old.on_trial) execute function public.note_mark()
            """);
    List<List<@Nullable String>> whenSent = new CopyOnWriteArrayList<>();
    receiver.behave(
        "/ok",
        (post, number) -> {
          whenSent.add(
              shop.row(
                  """
                  select claims, on_trial, pg_current_wal_flush_lsn() >= (select lsn from public.mark)
                  from webhooks.delivery
                  """));
          return 500;
        });

    workers.start("OUTBOX_RETRY_DELAYS", "1m");

    await().atMost(SOON).until(() -> state(suspect).equals(List.of("1", "f")));
    assertThat(whenSent).containsExactly(List.of("3", "t", "t"));
  }

  @Test
  void none_is_to_blame_where_more_workers_were_lost_lately_than_it_was_lost_with() {
    lostWorkers(4, "4 min");
    UUID innocent = delivery("claims = 3, lease_token = 1, on_trial = true");

    workers.start();

    await().atMost(SOON).until(() -> status(innocent).equals("delivered"));
  }

  @Test
  void one_is_to_blame_where_no_more_workers_were_lost_lately_than_it_was_lost_with() {
    lostWorkers(3, "4 min");
    shop.database()
        .exec(
            "insert into webhooks.lost_worker select n, now() - interval '6 min' from"
                + " generate_series(11, 19) n");
    UUID poison = delivery("claims = 3, lease_token = 1, on_trial = true");

    workers.start();

    await().atMost(SOON).until(() -> status(poison).equals("failed"));
    assertThat(receiver.received()).isEmpty();
  }

  @Test
  void one_that_no_worker_survived_three_times_is_to_blame_whatever_else_kills_workers() {
    lostWorkers(50, "1 min");
    UUID poison = delivery("claims = 5, lease_token = 1, on_trial = true");

    workers.start();

    await().atMost(SOON).until(() -> status(poison).equals("failed"));
    assertThat(receiver.received()).isEmpty();
  }

  @Test
  void one_that_a_worker_died_of_comes_after_the_others() {
    UUID struck = delivery("claims = 3");
    UUID other = delivery("claims = 2");

    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received())
        .extracting(Received::delivery)
        .containsExactly(other.toString(), struck.toString());
  }

  @Test
  void a_loss_during_which_it_was_not_on_trial_does_not_count() {
    delivery("claims = 4, lease_token = 8::bigint << 32, lease_until = now() - interval '1 s'");
    List<@Nullable String> claims = new CopyOnWriteArrayList<>();
    receiver.behave(
        "/ok",
        (post, number) -> {
          claims.addAll(shop.row("select claims from webhooks.delivery"));
          return 200;
        });

    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(claims).containsExactly("4");
  }

  @Test
  void lost_workers_are_remembered_for_a_few_minutes() {
    delivery("claims = 1, lease_token = 7::bigint << 32, lease_until = now() - interval '1 s'");
    delivery("claims = 1, lease_token = 8::bigint << 32, lease_until = now() - interval '1 s'");
    delivery(
        "claims = 1, lease_token = 1 + (8::bigint << 32), lease_until = now() - interval '1 s'");
    shop.database().exec("insert into webhooks.lost_worker values (9, now() - interval '6 min')");

    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(shop.row("select array_agg(worker order by worker) from webhooks.lost_worker"))
        .containsExactly("{7,8}");
  }

  @Test
  void several_run_one_after_the_other() {
    delivery("claims = 2");
    delivery("claims = 2");
    delivery("claims = 2");
    AtomicInteger mostOnTrial = new AtomicInteger();
    receiver.behave(
        "/ok",
        TestReceiver.late(
            Duration.ofMillis(200),
            (post, number) -> {
              mostOnTrial.accumulateAndGet(onTrial(), Math::max);
              return 200;
            }));

    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).hasSize(3);
    assertThat(receiver.mostAtOnce("/ok")).isEqualTo(1);
    assertThat(mostOnTrial).hasValue(1);
  }

  @Test
  void one_that_hangs_holds_up_no_other_and_is_not_on_trial_while_the_next_one_is() {
    delivery("claims = 2");
    delivery("claims = 2");
    delivery("claims = 2");
    CountDownLatch end = new CountDownLatch(1);
    AtomicInteger mostOnTrial = new AtomicInteger();
    receiver.behave(
        "/ok",
        (post, number) -> {
          mostOnTrial.accumulateAndGet(onTrial(), Math::max);
          if (number == 1) {
            end.await();
          }
          return 200;
        });

    workers.start();

    await().atMost(Duration.ofSeconds(8)).until(() -> receiver.received().size() == 3);
    end.countDown();
    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).hasSize(3);
    assertThat(mostOnTrial).hasValue(1);
  }

  @Test
  void one_that_is_given_back_unsent_is_on_trial_no_more() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    receiver.behave(
        "/ok",
        (post, number) -> {
          end.await();
          return 200;
        });
    UUID running = delivery("claims = 0");
    shop.database().exec("update webhooks.subscription set max_in_flight = 1");
    Worker worker = workers.start();
    await().atMost(SOON).until(() -> receiver.received().size() == 1);
    UUID held = delivery("claims = 2");
    await().atMost(SOON).until(() -> onTrial() == 1);

    FutureTask<Boolean> stop = new FutureTask<>(worker::stop);
    Thread.ofVirtual().start(stop);

    await().atMost(SOON).until(() -> onTrial() == 0);
    end.countDown();
    assertThat(stop.get()).isTrue();
    assertThat(status(running)).isEqualTo("delivered");
    assertThat(shop.row("select claims, lease_until from delivery where id = '" + held + "'"))
        .containsExactly("2", null);
    assertThat(receiver.received()).hasSize(1);
  }

  private int onTrial() {
    return (int) shop.database().number("select count(*) from webhooks.delivery where on_trial");
  }

  private List<@Nullable String> state(UUID delivery) {
    return shop.row(
        """
        select max(attempts), bool_or(on_trial) from webhooks.delivery
        where id = '%s'
        """
            .formatted(delivery));
  }

  private void lostWorkers(int count, String ago) {
    shop.database()
        .exec(
            "insert into webhooks.lost_worker select -n, now() - interval '%s' from generate_series(1, %d) n"
                .formatted(ago, count));
  }

  private String status(UUID delivery) {
    return String.valueOf(
        shop.database()
            .text(
                "select max(status) from webhooks.delivery_log where id = '%s'"
                    .formatted(delivery)));
  }

  private UUID delivery(String columns) {
    return shop.delivery(receiver.url("/ok"), columns);
  }
}
