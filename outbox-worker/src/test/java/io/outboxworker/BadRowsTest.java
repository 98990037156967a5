package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestReceiver.Received;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** One row that PostgreSQL cannot read or will not take stops no other, whatever it says of it. */
final class BadRowsTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(15);

  @Test
  void an_event_that_somebodys_trigger_refuses_stops_no_other() {
    shop.subscribe("*", receiver.url("/ok"));
    refuse("delivery", "insert", "new.event = 'bad.event'");
    shop.publish("good.before", "{}");
    UUID bad = shop.publish("bad.event", "{}");
    shop.publish("good.after", "{}");

    Worker worker = workers.start();

    await().atMost(SOON).until(() -> receiver.received().size() == 2);
    assertThat(shop.database().texts("select id from webhooks.outbox"))
        .containsExactly(bad.toString());
    assertThat(workers.metric(worker, "webhook_events_passed_over_total")).isEqualTo(1);
  }

  @Test
  void an_event_behind_a_thousand_that_are_refused_comes_before_each_of_them_was_tried() {
    shop.subscribe("*", receiver.url("/ok"));
    refuse("delivery", "insert", "new.event = 'bad.event'");
    shop.publishMany("bad.event", 1_000);
    shop.publish("good.event", "{}");

    Worker worker = workers.start();

    await().atMost(SOON).until(() -> receiver.received().size() == 1);
    assertThat(workers.metric(worker, "webhook_events_passed_over_total")).isLessThan(500);
  }

  @Test
  void an_event_that_the_disk_has_lost_stops_no_other() {
    shop.subscribe("*", receiver.url("/ok"));
    UUID bad = shop.publish("bad.event", large());
    loseLargeValues("webhooks.outbox");
    shop.publish("good.after", "{}");

    Worker worker = workers.start();

    await().atMost(SOON).until(() -> receiver.received().size() == 1);
    assertThat(shop.database().texts("select id from webhooks.outbox"))
        .containsExactly(bad.toString());
    assertThat(workers.metric(worker, "webhook_events_passed_over_total")).isEqualTo(1);
  }

  @Test
  void while_a_table_is_missing_no_event_is_passed_over_and_no_result_is_forgotten() {
    shop.subscribe("*", receiver.url("/ok"));
    shop.database().exec("alter table webhooks.event_log rename to event_log_away");
    shop.publishMany("order.created", 3);
    Worker worker = workers.start();
    awaitErrors(worker);
    shop.database()
        .exec(
            """
            alter table webhooks.delivery_log rename to delivery_log_away;
            alter table webhooks.event_log_away rename to event_log
            """);
    await().atMost(SOON).until(() -> receiver.received().size() == 3);
    awaitErrors(worker);
    shop.database().exec("alter table webhooks.delivery_log_away rename to delivery_log");

    await().atMost(SOON).until(shop::isDone);
    assertThat(workers.metric(worker, "webhook_events_passed_over_total")).isZero();
    assertThat(workers.metric(worker, "webhook_lease_lost_total")).isZero();
    assertThat(receiver.received()).hasSize(3);
    assertThat(shop.database().texts("select status from webhooks.delivery_log"))
        .containsExactly("delivered", "delivered", "delivered");
  }

  @Test
  void a_result_that_somebodys_trigger_refuses_waits_until_it_is_taken_and_holds_up_no_other() {
    shop.subscribe("*", receiver.url("/ok"));
    refuse("delivery_log", "insert", "new.event = 'bad.event'");
    workers.start();
    shop.publish("bad.event", "{}");
    await().atMost(SOON).until(() -> receiver.received().size() == 1);

    shop.publishMany("order.created", 3);

    await().atMost(SOON).until(() -> logged("delivered") == 3);
    shop.database().exec("drop trigger refuse on webhooks.delivery_log");
    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).hasSize(4);
    assertThat(logged("delivered")).isEqualTo(4);
  }

  @Test
  void a_delivery_whose_event_has_left_the_log_ends_as_failed_and_stops_no_other() {
    for (int i = 0; i < 12; i++) {
      delivery("claims = 0");
    }
    shop.database().exec("delete from webhooks.event_log");
    UUID good = delivery("claims = 0");

    Worker worker = workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).extracting(Received::delivery).containsExactly(good.toString());
    assertThat(logged("failed")).isEqualTo(12);
    assertThat(shop.database().texts("select distinct last_error from webhooks.delivery_log"))
        .containsExactlyInAnyOrder(null, "the payload has left the log");
    assertThat(workers.metric(worker, "webhook_deliveries_total{event=\"unknown\"")).isEqualTo(12);
  }

  @Test
  void a_delivery_whose_payload_the_disk_has_lost_ends_as_failed_and_stops_no_other() {
    UUID bad = delivery("claims = 0");
    shop.database().exec("update webhooks.event_log set data = '%s'".formatted(large()));
    loseLargeValues(
        shop.database().texts("select tableoid::regclass from webhooks.event_log").get(0));
    UUID good = delivery("claims = 0");

    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).extracting(Received::delivery).containsExactly(good.toString());
    assertThat(
            shop.database()
                .text("select last_error from webhooks.delivery_log where id = '" + bad + "'"))
        .isEqualTo("the payload cannot be read");
  }

  @Test
  void deliveries_that_are_in_the_log_already_end() {
    delivery("claims = 0");
    UUID inactive = shop.subscribe("*", receiver.url("/inactive"));
    UUID other = delivery("claims = 0, subscription_id = '%s'".formatted(inactive));
    shop.database()
        .exec(
            """
            update webhooks.subscription set active = false, inactive_since = now() where id = '%s';
            insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, url, status, attempts, created_at)
            select id, event_id, subscription_id, tenant_id, 'order.created', '', 'delivered', 1, created_at
            from webhooks.delivery
            """
                .formatted(inactive));

    workers.start();

    await().atMost(SOON).until(shop::isDone);
    assertThat(receiver.received()).hasSize(1);
    assertThat(receiver.received().get(0).delivery()).isNotEqualTo(other.toString());
    assertThat(logged("delivered")).isEqualTo(2);
  }

  @Test
  void what_waits_for_an_inactive_subscription_ends_although_the_log_refuses_one_of_it() {
    UUID bad = delivery("claims = 0, event = 'bad.event'");
    delivery("claims = 0, event = 'good.event'");
    delivery("claims = 0, event = 'good.event'");
    shop.database().exec("update webhooks.subscription set active = false, inactive_since = now()");
    refuse("delivery_log", "insert", "new.event = 'bad.event'");

    workers.start();

    await().atMost(SOON).until(() -> logged("failed") == 2);
    assertThat(shop.database().texts("select id from webhooks.delivery"))
        .containsExactly(bad.toString());
  }

  @Test
  void what_a_dead_worker_left_is_taken_over_although_one_of_it_cannot_be_touched() {
    String left = "claims = 1, lease_token = 7, lease_until = now() - interval '1 s'";
    delivery(left + ", event = 'bad.event'");
    UUID good = delivery(left);
    refuse("delivery", "update", "new.event = 'bad.event'");

    workers.start();

    await().atMost(SOON).until(() -> logged("delivered") == 1);
    assertThat(receiver.received()).extracting(Received::delivery).containsExactly(good.toString());
  }

  private UUID delivery(String columns) {
    return shop.delivery(receiver.url("/ok"), columns);
  }

  private long logged(String status) {
    return shop.database()
        .number("select count(*) from webhooks.delivery_log where status = '%s'".formatted(status));
  }

  private void awaitErrors(Worker worker) {
    double before = workers.metric(worker, "webhook_database_errors_total");
    await()
        .atMost(SOON)
        .until(() -> workers.metric(worker, "webhook_database_errors_total") > before + 3);
  }

  /** With SQLSTATE P0001, as {@code raise} does that says nothing else. */
  private void refuse(String table, String action, String condition) {
    shop.database()
        .exec(
            """
            create function refuse() returns trigger language plpgsql
              as 'begin raise ''not this one''; end';
            create trigger refuse before %s on webhooks.%s
              for each row when (%s) execute function refuse()
            """
                .formatted(action, table, condition));
  }

  /** So large, and so much like noise, that it is stored beside its row. */
  private static String large() {
    byte[] noise = new byte[20_000];
    new Random(7).nextBytes(noise);
    return "{\"noise\":\"%s\"}".formatted(HexFormat.of().formatHex(noise));
  }

  /** As a bad sector does: reading any of them fails with XX001. */
  private void loseLargeValues(String table) {
    shop.database()
        .exec(
            """
            create extension if not exists pg_surgery;
            do $$
              declare
                beside text := (select reltoastrelid::regclass from pg_class where oid = '%s'::regclass);
                rows tid[];
              begin
                execute 'select array_agg(ctid) from ' || beside into rows;
                perform heap_force_kill(beside::regclass, rows);
              end
            $$
            """
                .formatted(table));
  }
}
