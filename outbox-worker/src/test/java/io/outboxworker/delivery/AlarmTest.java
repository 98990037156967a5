package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseClock;
import io.outboxworker.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** db-scheduler is told when there is something to find, and neither sooner nor for nothing. */
final class AlarmTest {
  private final TestDatabase database = TestDatabase.create();
  private final Database pool = Database.open(database.settings(), "timer", 2, null);
  private final DatabaseClock clock = new DatabaseClock(pool.jdbi());
  private final List<Instant> rings = new CopyOnWriteArrayList<>();
  private final Alarm alarm = new Alarm(pool.dataSource(), clock, this::ring);

  @AfterEach
  void close() {
    alarm.close();
    pool.close();
    database.close();
  }

  @Test
  void it_rings_for_timers_of_others_when_they_go_off_and_not_before() {
    Instant first = timer("first", "700 ms");
    Instant second = timer("second", "1200 ms");
    alarm.start();

    await().until(() -> rings.size() == 2);
    assertThat(rings.get(0)).isBetween(first, second.minusMillis(1));
    assertThat(rings.get(1)).isAfterOrEqualTo(second);
  }

  @Test
  void it_rings_again_while_db_scheduler_has_not_taken_what_went_off() {
    timer("due", "-1 ms");
    pickOnRing = false;
    alarm.start();

    await().until(() -> rings.size() >= 3);
  }

  @Test
  void a_timer_that_somebody_has_taken_is_not_rung_for() {
    timer("taken", "-1 ms");
    database.exec("update webhooks.scheduled_tasks set picked = true");
    Instant free = timer("free", "600 ms");
    alarm.start();

    await().until(() -> !rings.isEmpty());
    assertThat(rings.get(0)).isAfterOrEqualTo(free);
  }

  /** Each look that finds nothing sleeps for half a second, so ten of these would take five. */
  @Test
  void short_timers_that_the_worker_set_itself_are_not_overslept() {
    alarm.start();
    for (int i = 1; i <= 10; i++) {
      int expected = i;
      timer("short-" + i, "5 ms");
      alarm.set(Duration.ofMillis(5));
      await()
          .pollInterval(Duration.ofMillis(2))
          .atMost(Duration.ofSeconds(5))
          .until(() -> rings.size() >= expected);
    }
    assertThat(Duration.between(rings.get(0), rings.get(9))).isLessThan(Duration.ofSeconds(4));
  }

  private volatile boolean pickOnRing = true;

  private void ring() {
    rings.add(clock.now());
    if (pickOnRing) {
      database.exec(
          "update webhooks.scheduled_tasks set picked = true where execution_time <= '%s'"
              .formatted(clock.now()));
    }
  }

  private Instant timer(String instance, String in) {
    return pool.jdbi()
        .withHandle(handle ->
            handle
                .createQuery(
                    """
                    insert into scheduled_tasks (task_name, task_instance, execution_time, picked, version)
                    values ('retry', :instance, clock_timestamp() + cast(:in as interval), false, 1)
                    returning execution_time
                    """)
                .bind("instance", instance)
                .bind("in", in)
                .mapTo(Instant.class)
                .one());
  }
}
