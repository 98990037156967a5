package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.subscription.LiveSubscriptions;
import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestReceiver.Received;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A subscription that is switched off because of its endpoint, and how the tenant gets to know. */
final class DisablingTest extends EndToEnd {
  private static final Duration SOON = Duration.ofSeconds(30);

  @BeforeEach
  void start() {
    shop.subscribe("*", receiver.url("/all"));
    shop.subscribe(UUID.randomUUID(), "*", receiver.url("/stranger"));
    receiver.behave("/bad", (post, number) -> 500);
    receiver.behave("/gone", (post, number) -> 410);
    workers.start("OUTBOX_RETRY_DELAYS", "100ms");
    workers.start("OUTBOX_RETRY_DELAYS", "100ms");
  }

  @Test
  void an_endpoint_that_is_gone_is_told_once_to_the_tenants_other_endpoints() throws IOException {
    UUID gone = shop.subscribe("invoice.*", receiver.url("/gone"));
    shop.publishMany("invoice.created", 20);

    await().atMost(SOON).until(() -> told("subscription.disabled") > 0 && shop.isDone());

    JsonNode body = body("subscription.disabled");
    assertThat(body.path("resource_type").asText()).isEqualTo("subscription");
    assertThat(body.path("resource_id").asText()).isEqualTo(gone.toString());
    JsonNode data = body.path("data");
    assertThat(data.path("subscription_id").asText()).isEqualTo(gone.toString());
    assertThat(data.path("url").asText()).isEqualTo(receiver.url("/gone"));
    assertThat(data.path("event").asText()).isEqualTo("invoice.*");
    assertThat(data.path("reason").asText()).isEqualTo("gone");
    assertThat(data.path("disabled_at").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
    assertThat(told("subscription.disabled")).isEqualTo(1);
    assertThat(receiver.received("/stranger")).isEmpty();
    var stored = shop.subscriptions().find(shop.tenant(), gone).orElseThrow();
    assertThat(stored.active()).isFalse();
    assertThat(stored.disabledReason()).isEqualTo("gone");
  }

  @Test
  void a_failing_subscription_is_warned_of_a_day_before_and_then_disabled() throws IOException {
    UUID bad = shop.subscribe("invoice.*", receiver.url("/bad"));
    failingSince(bad, "3 days 23 hours");
    assertThat(warned(bad)).isZero();

    failingSince(bad, "4 days 1 hour");
    publishUntilTold("subscription.failing");
    publishAndWait();
    assertThat(told("subscription.failing")).isEqualTo(1);
    assertThat(body("subscription.failing").at("/data/subscription_id").asText())
        .isEqualTo(bad.toString());
    assertThat(told("subscription.disabled")).isZero();

    failingSince(bad, "5 days 1 minute");
    publishUntilTold("subscription.disabled");
    assertThat(body("subscription.disabled").at("/data/reason").asText()).isEqualTo("failing");
    assertThat(shop.subscriptions().find(shop.tenant(), bad).orElseThrow().disabledAt())
        .isNotNull();
  }

  private long warned(UUID subscription) {
    return shop.jdbi()
        .inTransaction(handle -> {
          LiveSubscriptions.warnFailing(handle, List.of(subscription), Duration.ofDays(5));
          return handle
              .createQuery("select count(*) from outbox where event = 'subscription.failing'")
              .mapTo(Long.class)
              .one();
        });
  }

  /** The workers' copies of a subscription may be a second old, and so the first may not count. */
  private void publishUntilTold(String event) {
    await()
        .atMost(SOON)
        .until(() -> {
          publishAndWait();
          return told(event) == 1;
        });
  }

  private void failingSince(UUID subscription, String ago) {
    shop.database()
        .exec(
            "update webhooks.subscription set failing_since = now() - interval '%s' where id = '%s'"
                .formatted(ago, subscription));
  }

  private void publishAndWait() {
    shop.publish("invoice.created", "{}");
    await().atMost(SOON).until(shop::isDone);
  }

  private long told(String event) {
    return receiver.received("/all").stream()
        .filter(post -> post.header("x-webhook-event").equals(event))
        .map(Received::delivery)
        .distinct()
        .count();
  }

  private JsonNode body(String event) throws IOException {
    return new ObjectMapper()
        .readTree(
            receiver.received("/all").stream()
                .filter(post -> post.header("x-webhook-event").equals(event))
                .findFirst()
                .orElseThrow()
                .body());
  }
}
