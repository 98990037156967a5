package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.outboxworker.Worker;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.Workers;
import java.time.Duration;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The overview in numbers, over HTTP. */
final class StatsRoutesTest {
  private static final Shop shop = new Shop();
  private static final TestReceiver receiver = new TestReceiver();
  private static final Workers workers = new Workers(shop);
  private static final Worker worker = workers.start("OUTBOX_RETRY_DELAYS", "1h");
  private static final ApiClient api = ApiClient.of(worker, shop);

  @AfterAll
  static void close() {
    api.close();
    workers.close();
    receiver.close();
    shop.close();
  }

  @Test
  void an_overview_adds_what_was_counted_and_what_ended_since() {
    receiver.behave("/retry", (post, number) -> 500);
    receiver.behave("/gone", (post, number) -> 410);
    UUID retrying = shop.subscribe("stat.s", receiver.url("/retry"));
    UUID gone = shop.subscribe("stat.s", receiver.url("/gone"));
    shop.subscribe("stat.s", receiver.url("/fine"));
    shop.publish("stat.s", "{}");
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> shop.database().number("select count(*) from webhooks.delivery_log") == 2);
    // What ended 40 minutes ago is counted by the worker within seconds, and in both windows.
    shop.database()
        .exec(
            """
            insert into webhooks.delivery_log (id, event_id, subscription_id, tenant_id, event, url, status, attempts,
              created_at, finished_at)
            select webhooks.uuid_v7(), webhooks.uuid_v7(), '%s', '%s', 'stat.s', 'https://x', 'failed', 4, now(),
              now() - interval '40 minutes' from generate_series(1, 5);
            update webhooks.delivery_counted set until = now() - interval '1 hour'\
            """
                .formatted(gone, shop.tenant()));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> shop.database().number("select count(*) from webhooks.delivery_count") == 2);

    Reply hour = api.get("/stats?window=1h");
    Reply day = api.get("/stats?window=24h");

    assertThat(hour.body().path("buckets")).hasSize(60);
    assertThat(day.body().path("buckets")).hasSize(48);
    for (Reply reply : new Reply[] {hour, day}) {
      assertThat(reply.status()).isEqualTo(200);
      assertThat(reply.body().path("delivered").intValue()).isEqualTo(1);
      assertThat(reply.body().path("failed").intValue()).isEqualTo(6);
      assertThat(reply.body().path("pending").intValue()).isZero();
      assertThat(reply.body().path("retrying").intValue()).isEqualTo(1);
      assertThat(reply.body().path("oldest_pending_seconds").isIntegralNumber()).isTrue();
      assertThat(sum(reply, "failed")).isEqualTo(6);
      assertThat(sum(reply, "delivered")).isEqualTo(1);
      assertThat(reply.text("/subscriptions/0/subscription_id")).isEqualTo(gone.toString());
      assertThat(reply.body().at("/subscriptions/0/failed").intValue()).isEqualTo(6);
      assertThat(reply.body().at("/subscriptions/0/active").booleanValue()).isFalse();
      assertThat(reply.text("/subscriptions/1/subscription_id")).isEqualTo(retrying.toString());
      assertThat(reply.body().at("/subscriptions/1/retrying").intValue()).isEqualTo(1);
      assertThat(reply.body().path("subscriptions")).hasSize(2);
    }
    assertThat(hour.text("/subscriptions/0/last_failed_at")).isNotEmpty();
  }

  @Test
  void another_tenant_sees_zeros_and_windows_are_two() {
    try (ApiClient other = ApiClient.of(worker, shop, UUID.randomUUID())) {
      Reply nothing = other.get("/stats");
      assertThat(nothing.text("window")).isEqualTo("1h");
      assertThat(nothing.body().path("failed").intValue()).isZero();
      assertThat(nothing.body().path("subscriptions")).isEmpty();
      assertThat(nothing.body().path("oldest_pending_seconds").isNull()).isTrue();
    }
    assertThat(api.get("/stats?window=7d").status()).isEqualTo(422);
  }

  private static int sum(Reply reply, String field) {
    return StreamSupport.stream(reply.body().path("buckets").spliterator(), false)
        .map(bucket -> bucket.path(field))
        .mapToInt(JsonNode::intValue)
        .sum();
  }
}
