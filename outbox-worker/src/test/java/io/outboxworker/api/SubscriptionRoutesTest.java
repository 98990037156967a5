package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Subscriptions over HTTP, against a running worker. */
final class SubscriptionRoutesTest {
  private static final Shop shop = new Shop();
  private static final Workers workers = new Workers(shop);
  private static final ApiClient api =
      ApiClient.of(workers.start("OUTBOX_API_REQUESTS_PER_SECOND", "1000"), shop);

  @AfterAll
  static void close() {
    api.close();
    workers.close();
    shop.close();
  }

  @Test
  void a_created_subscription_is_shown_and_listed_with_every_field() {
    Reply created =
        api.post(
            "/subscriptions",
            "{'url':'http://127.0.0.1:9/hook','event':'invoice.created','secret':'0123456789abcdef'}");

    assertThat(created.status()).isEqualTo(201);
    assertThat(created.header("Location"))
        .isEqualTo(ApiClient.BASE + "/subscriptions/" + created.text("id"));
    assertThat(created.body().fieldNames())
        .toIterable()
        .containsExactly(
            "id",
            "url",
            "event",
            "active",
            "description",
            "headers",
            "retry_delays",
            "timeout",
            "max_in_flight",
            "max_per_second",
            "ordered",
            "signature",
            "disabled_reason",
            "disabled_at",
            "created_at",
            "updated_at");
    assertThat(created.text("created_at"))
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
    assertThat(api.get("/subscriptions/" + created.text("id")).body()).isEqualTo(created.body());
    assertThat(api.get("/subscriptions?event=invoice.created").body().path("items"))
        .contains(created.body());
  }
}
