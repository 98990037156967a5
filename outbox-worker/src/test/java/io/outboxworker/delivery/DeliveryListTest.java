package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.Shop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages while deliveries are made and become final. */
final class DeliveryListTest {
  private final Shop shop = new Shop();

  @AfterEach
  void close() {
    shop.close();
  }

  /** By subscription and event, too: there the rows are looked at in portions. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void a_delivery_that_becomes_final_between_two_pages_is_in_one_of_them(boolean searched)
      throws InterruptedException {
    UUID subscription = shop.subscribe("a.b", "http://127.0.0.1:9/");
    insert(subscription, "a.b", 1_500);
    insert(UUID.randomUUID(), "a.b", 1_500);
    List<String> before =
        shop.database()
            .texts(
                "select id from webhooks.delivery"
                    + (searched ? " where subscription_id = '" + subscription + "'" : "")
                    + " order by id desc");
    DeliveryFilter filter =
        new DeliveryFilter(
            shop.tenant(),
            null,
            searched ? "a.b" : null,
            searched ? subscription : null,
            null,
            null,
            null);
    AtomicBoolean ended = new AtomicBoolean();
    Thread traffic =
        Thread.startVirtualThread(() -> {
          while (!ended.get()) {
            insert(subscription, "a.b", 7);
            finishSome();
          }
        });

    List<String> paged = new ArrayList<>();
    DeliveryList list = new DeliveryList(shop.jdbi());
    @Nullable UUID next = null;
    do {
      DeliveryList.Page page = list.page(filter, next, 20);
      page.items().forEach(item -> paged.add(item.id().toString()));
      next = page.next();
      if (paged.size() == 20) {
        long finished = finished();
        await().until(() -> finished() > finished);
      }
    } while (next != null);
    ended.set(true);
    traffic.join();

    assertThat(paged).doesNotHaveDuplicates().isSortedAccordingTo((a, b) -> b.compareTo(a));
    assertThat(paged).containsSubsequence(before);
  }

  private long finished() {
    return shop.database().number("select count(*) from webhooks.delivery_log");
  }

  /** As where rows are not in memory: each takes 2 ms to read, and a portion of them 2 s. */
  @Test
  void a_search_ends_in_time_in_the_midst_of_rows_that_are_slow_to_read() {
    UUID subscription = shop.subscribe("*", "http://127.0.0.1:9/");
    insert(subscription, "a.match", 1);
    insert(subscription, "a.b", 5_000);
    shop.database().exec("analyze webhooks.delivery");
    shop.database()
        .exec(
            """
            alter table webhooks.delivery rename to rows;
            create view webhooks.delivery as
              select * from webhooks.rows where pg_sleep(0.002) is not null
            """);
    DeliveryFilter filter =
        new DeliveryFilter(shop.tenant(), null, "a.match", subscription, null, null, null);
    DeliveryList list = new DeliveryList(shop.jdbi());

    long started = System.nanoTime();
    DeliveryList.Page page = list.page(filter, null, 20);
    Duration taken = Duration.ofNanos(System.nanoTime() - started);

    assertThat(taken).isLessThan(Duration.ofSeconds(1));
    assertThat(page.items()).isEmpty();
    shop.database()
        .exec("drop view webhooks.delivery; alter table webhooks.rows rename to delivery");
    int found = 0;
    while (page.next() != null) {
      page = list.page(filter, page.next(), 20);
      found += page.items().size();
    }
    assertThat(found).isEqualTo(1);
  }

  /** As above, each of these rows takes a while to read; but none is read in vain. */
  @Test
  void a_page_that_an_index_finds_is_full_however_slow_its_rows_are() {
    UUID subscription = shop.subscribe("a.b", "http://127.0.0.1:9/");
    for (String age : List.of("1 minute", "5 days")) {
      shop.database()
          .exec(
              """
              insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url,
                status, attempts, created_at)
              select webhooks.uuid_v7_at(now() - interval '%s' - n * interval '1 ms'), webhooks.uuid_v7(), '%s', '%s',
                'a.b', 'r-1', 'https://x', 'failed', 1, now() from generate_series(1, 30) n\
              """
                  .formatted(age, subscription, shop.tenant()));
    }
    shop.database()
        .exec(
            """
            alter table webhooks.delivery_log rename to rows;
            create view webhooks.delivery_log as
              select * from webhooks.rows where pg_sleep(0.001) is not null
            """);
    DeliveryFilter filter = new DeliveryFilter(shop.tenant(), null, "a.b", null, null, null, null);

    assertThat(new DeliveryList(shop.jdbi()).page(filter, null, 50).items()).hasSize(50);
  }

  private void insert(UUID subscription, String event, int count) {
    shop.database()
        .exec(
            """
            insert into webhooks.delivery (event_id, subscription_id, tenant_id, event, resource_id)
            select webhooks.uuid_v7(), '%s', '%s', '%s', 'r-1' from generate_series(1, %d)\
            """
                .formatted(subscription, shop.tenant(), event, count));
  }

  private void finishSome() {
    shop.database()
        .exec(
            """
            with ended as (delete from webhooks.delivery where id = any(array(
              select id from webhooks.delivery order by random() limit 50)) returning *)
            insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status,
              attempts, created_at)
            select id, event_id, subscription_id, tenant_id, event, resource_id, 'https://x', 'failed', 1, created_at
            from ended\
            """);
  }
}
