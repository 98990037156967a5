package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a worker does with many events after it had none. */
final class BurstTest {
  private static final Duration IDLE = Duration.ofSeconds(2);

  private final Shop shop = new Shop();
  private final Workers workers = new Workers(shop);

  @AfterEach
  void close() {
    workers.close();
    shop.close();
  }

  /** PostgreSQL keeps the plans that it makes for empty tables. */
  @Test
  void statements_that_were_planned_over_an_empty_outbox_read_a_full_one_by_its_index() {
    shop.database().exec("alter table webhooks.outbox set (autovacuum_enabled = off)");
    workers.start();
    await().pollDelay(IDLE).until(() -> true);
    long before = rowsReadWithoutIndex();

    shop.publishMany("order.placed", 20_000);

    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> shop.database().number("select count(*) from webhooks.event_log") == 20_000);
    // Noted a second or two later, together with what was read to delete them.
    await().until(() -> counted("n_tup_del") == 20_000);
    assertThat(rowsReadWithoutIndex() - before).isLessThan(5 * 20_000);
  }

  private long rowsReadWithoutIndex() {
    return counted("seq_tup_read");
  }

  private long counted(String column) {
    return shop.database()
        .number(
            "select %s from pg_stat_user_tables where schemaname = 'webhooks' and relname = 'outbox'"
                .formatted(column));
  }
}
