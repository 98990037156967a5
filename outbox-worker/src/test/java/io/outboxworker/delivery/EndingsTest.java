package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.database.Database;
import io.outboxworker.delivery.Endings.Ended;
import io.outboxworker.testing.Shop;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What waits for a retry of a subscription that was paused ends, and is never sent early. */
final class EndingsTest {
  private static final String WAITING =
      "select count(*) from webhooks.delivery where next_attempt_at between now() + interval '59"
          + " min' and now() + interval '1 h' and lease_until > next_attempt_at";

  private final Shop shop = new Shop();
  private final UUID paused = shop.subscribe("a.b", "http://127.0.0.1:9/1");
  private final UUID other = shop.subscribe("a.b", "http://127.0.0.1:9/2");
  private final Database pool = Database.openForUpkeep(shop.database().settings(), "test", 1, null);
  private final Backlog backlog = new Backlog(pool);
  private final Endings endings = new Endings(pool.jdbi());

  @AfterEach
  void close() {
    pool.close();
    shop.close();
  }

  @Test
  void what_a_pause_did_not_end_before_the_resume_waits_until_it_is_due() {
    waiting(paused, 700);
    waiting(other, 10);
    active(false);

    assertThat(backlog.parkOverdue()).isZero();
    List<Ended> ended = endings.endWaiting();
    active(true);

    assertThat(ended).hasSize(500);
    assertThat(ended).allSatisfy(e -> assertThat(e.error()).isEqualTo("subscription_paused"));
    assertThat(endings.endWaiting()).isEmpty();
    assertThat(backlog.parkOverdue()).isZero();
    assertThat(backlog.parkedSubscriptions()).isEmpty();
    assertThat(shop.database().number(WAITING)).isEqualTo(210);
    assertThat(
            shop.row(
                "select count(*), min(attempts), max(http_status) from delivery_log"
                    + " where status = 'failed' and last_error = 'subscription_paused'"))
        .containsExactly("500", "1", "503");
  }

  @Test
  void all_that_waits_for_a_paused_subscription_ends_and_nothing_of_others() {
    waiting(paused, 700);
    waiting(other, 10);
    active(false);

    assertThat(endings.endWaiting()).hasSize(500);
    assertThat(endings.endWaiting()).hasSize(200);
    assertThat(endings.endWaiting()).isEmpty();
    assertThat(shop.database().number(WAITING)).isEqualTo(10);
  }

  private void active(boolean active) {
    shop.database()
        .exec(
            "update webhooks.subscription set active = %s where id = '%s'"
                .formatted(active, paused));
  }

  private void waiting(UUID subscription, int count) {
    shop.database()
        .exec(
            """
            with event as (
              insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
              select webhooks.uuid_v7(), '%1$s', 'a.b', 'a', n::text, '{}', now() from generate_series(1, %3$d) n
              returning id)
            insert into webhooks.delivery (event_id, subscription_id, tenant_id, claims, attempts, history,
              next_attempt_at, lease_until)
            select id, '%2$s', '%1$s', 1, 1, '[{"attempt":1,"http_status":503}]',
              now() + interval '1 h', now() + interval '1 h 10 s' from event
            """
                .formatted(shop.tenant(), subscription, count));
  }
}
