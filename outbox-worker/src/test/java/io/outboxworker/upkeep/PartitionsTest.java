package io.outboxworker.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.database.Database;
import io.outboxworker.testing.EveryPostgres;
import io.outboxworker.testing.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.LocalDate;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@EveryPostgres
class PartitionsTest {
  private static final Duration DONE = Duration.ofMinutes(10);
  private static final Duration AGAIN = Duration.ofMinutes(1);

  private final TestDatabase database;
  private final Database pool;
  private final Logs logs;
  private final LocalDate today;

  PartitionsTest(TestDatabase.Version version) {
    database = TestDatabase.create(version);
    pool = Database.open(database.settings(), "test", 4, null);
    logs = new Logs(pool.jdbi());
    today = logs.today();
  }

  @AfterEach
  void drop() {
    pool.close();
    database.close();
  }

  @Test
  void events_of_days_without_a_worker_get_their_partitions_and_stay_readable() {
    event("now() - interval '2 days'", "now()");
    event("now() - interval '4 days'", "now()");
    assertThat(logs.state("event_log").strayRows()).isEqualTo(2);

    assertThat(step(30)).isEqualTo(DONE);

    assertThat(logs.days("event_log"))
        .contains(today.minusDays(4), today.minusDays(2), today, today.plusDays(3))
        .doesNotContain(today.minusDays(9));
    assertThat(logs.state("event_log").strayRows()).isZero();
    assertThat(logs.state("event_log").partitionsAhead()).isEqualTo(3);
    assertThat(database.number("select count(*) from webhooks.event_log")).isEqualTo(2);
  }

  @Test
  void days_that_were_missed_get_their_partitions_before_their_events_come() {
    database.exec(
        "select webhooks.add_log_partition('event_log', (now() at time zone 'UTC')::date - 6)");

    assertThat(step(30)).isEqualTo(DONE);

    assertThat(logs.days("event_log"))
        .containsExactlyElementsOf(today.minusDays(6).datesUntil(today.plusDays(4)).toList());
  }

  @Test
  void rows_without_a_partition_expire_unless_a_delivery_needs_them() {
    String needed = event("now() - interval '40 days'", "now()");
    event("now() - interval '40 days'", "now()");
    String future = event("now() + interval '900 years'", "now() - interval '40 days'");
    event("now() + interval '900 years'", "now()");
    database.exec(
        """
        insert into webhooks.delivery (event_id, subscription_id, tenant_id)
        values ('%s', gen_random_uuid(), gen_random_uuid())
        """
            .formatted(needed));

    assertThat(step(30)).isEqualTo(DONE);

    assertThat(database.texts("select id::text from webhooks.event_log_default"))
        .hasSize(2)
        .contains(needed)
        .doesNotContain(future);
  }

  @Test
  void an_event_that_is_sent_again_while_it_expires_stays() throws Exception {
    assertThat(step(30)).isEqualTo(DONE);
    String event = event("now() - interval '40 days'", "now()");
    try (Connection replay = database.connection();
        Statement statement = replay.createStatement()) {
      replay.setAutoCommit(false);
      statement.execute(
          """
          with source as (select id, tenant_id from webhooks.event_log where id = '%s' for share)
          insert into webhooks.delivery (event_id, subscription_id, tenant_id)
          select id, gen_random_uuid(), tenant_id from source
          """
              .formatted(event));
      var expiring = CompletableFuture.runAsync(() -> step(30));
      await()
          .until(() ->
              expiring.isDone()
                  || database.number(
                          "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                              + " and datname = current_database()")
                      > 0);
      replay.commit();
      expiring.join();
    }
    assertThat(database.texts("select id::text from webhooks.event_log")).containsExactly(event);
  }

  @Test
  void events_and_deliveries_have_a_retention_each() {
    for (String log : Logs.NAMES) {
      database.exec(
          "select webhooks.add_log_partition('%s', (now() at time zone 'UTC')::date - 5)"
              .formatted(log));
    }

    new Partitions(logs, new Retention(Duration.ofDays(10), Duration.ofDays(2), DONE)).step();

    assertThat(logs.days("event_log")).contains(today.minusDays(5));
    assertThat(logs.days("delivery_log")).doesNotContain(today.minusDays(5)).contains(today);
  }

  @Test
  void a_partition_that_somebody_reads_is_dropped_later_and_traffic_does_not_wait()
      throws Exception {
    database.exec(
        "select webhooks.add_log_partition('delivery_log', (now() at time zone 'UTC')::date - 5)");
    try (Connection reader = database.connection();
        Statement statement = reader.createStatement()) {
      reader.setAutoCommit(false);
      statement.execute("select count(*) from webhooks.delivery_log");

      long start = System.nanoTime();
      assertThat(step(2)).isEqualTo(AGAIN);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      assertThat(logs.days("delivery_log")).contains(today.minusDays(5));
      event("now()", "now()");

      reader.rollback();
    }
    assertThat(step(2)).isEqualTo(DONE);
    assertThat(logs.days("delivery_log")).doesNotContain(today.minusDays(5));
  }

  @Test
  void audit_entries_expire_in_batches() {
    database.exec(
        """
        insert into webhooks.audit_log (id, tenant_id, actor, action)
        select overlay(webhooks.uuid_v7()::text placing
            left(webhooks.uuid_v7_at(now() - interval '400 days')::text, 13) from 1)::uuid, gen_random_uuid(), 'a', 'b'
        from generate_series(1, 1500);
        insert into webhooks.audit_log (tenant_id, actor, action) values (gen_random_uuid(), 'a', 'b')
        """);
    Expiry expiry = new Expiry(pool.jdbi(), new Retention(DONE, DONE, Duration.ofDays(365)));

    assertThat(expiry.step()).isEqualTo(Duration.ofSeconds(1));
    assertThat(database.number("select count(*) from webhooks.audit_log")).isEqualTo(501);
    assertThat(expiry.step()).isEqualTo(Duration.ofHours(1));
    assertThat(database.number("select count(*) from webhooks.audit_log")).isEqualTo(1);
  }

  private Duration step(int days) {
    Duration kept = Duration.ofDays(days);
    return new Partitions(logs, new Retention(kept, kept, kept)).step();
  }

  /** An event whose id was made at the one time, and which occurred at the other. */
  private String event(String made, String occurred) {
    return database
        .jdbi()
        .withHandle(handle ->
            handle
                .createQuery(
                    """
                    insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
                    values (overlay(webhooks.uuid_v7()::text placing left(webhooks.uuid_v7_at(%s)::text, 13) from 1)::uuid,
                      gen_random_uuid(), 'a.b', 'a', 'r', '{}', %s) returning id::text
                    """
                        .formatted(made, occurred))
                .mapTo(String.class)
                .one());
  }
}
