package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import io.outboxworker.database.DatabaseClock;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.subscription.LiveSubscriptions;
import io.outboxworker.testing.Collector;
import io.outboxworker.testing.Shop;
import io.outboxworker.tracing.Tracing;
import io.outboxworker.tracing.TracingSettings;
import io.outboxworker.webhook.Cidr;
import io.outboxworker.webhook.EgressRules;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.Sender;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** An attempt that breaks on the way to its POST, as no row of the database can make it. */
final class AttemptsTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @AutoClose private final Shop shop = new Shop();
  @AutoClose private final Collector collector = new Collector();
  @AutoClose private final Sender sender = new Sender(guard(), "1.0", null, null);

  @Test
  void the_span_of_an_attempt_that_breaks_is_exported_and_its_slot_is_free() throws Exception {
    UUID subscription = shop.subscribe("a.b", "http://127.0.0.1:9/hook");
    Tracing tracing = tracing();
    Lanes lanes = lanes(tracing);

    lanes.offer(List.of(claimWithoutName(subscription)));

    await().atMost(TIMEOUT).until(() -> collector.spans().size() == 1);
    assertThat(lanes.awaitIdle(TIMEOUT)).isTrue();
    tracing.close(Duration.ZERO);
    Span span = collector.spans().get(0);
    assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
    assertThat(span.getEndTimeUnixNano()).isEqualTo(span.getStartTimeUnixNano());
    assertThat(Collector.attributes(span.getAttributesList()))
        .containsEntry("error.type", "java.lang.NullPointerException")
        .containsEntry("outbox.subscription_id", subscription.toString())
        .doesNotContainKey("http.response.status_code");
  }

  private Lanes lanes(Tracing tracing) {
    DatabaseClock clock = new DatabaseClock(shop.jdbi());
    Metrics metrics = new Metrics(true, "1.0");
    Recorder recorder =
        new Recorder(
            new Recording(shop.jdbi(), clock, Duration.ofDays(5)),
            new Tally(metrics, ordered -> {}, retry -> {}),
            100);
    Attempts attempts =
        new Attempts(
            new Attempts.Wire(sender, null, tracing),
            new RetrySchedule(List.of(Duration.ofSeconds(1))),
            recorder,
            clock,
            metrics);
    KeyRing keys = KeyRing.parse(Objects.requireNonNull(shop.environment().get("OUTBOX_KEYS")));
    return new Lanes(
        new Lanes.Limits(8, 8, TIMEOUT),
        new LiveSubscriptions(shop.jdbi(), keys),
        attempts,
        recorder,
        () -> {});
  }

  @SuppressWarnings("NullAway") // That is what breaks it.
  private Claim claimWithoutName(UUID subscription) {
    Message message =
        new Message(
            UUID.randomUUID(),
            shop.tenant(),
            null,
            new byte[2],
            null,
            new DatabaseClock(shop.jdbi()).now());
    long leaseEnds = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    return new Claim(UUID.randomUUID(), subscription, message, 0, 1, leaseEnds, null, false);
  }

  private Tracing tracing() {
    return Tracing.open(
        new TracingSettings(
            Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT", collector.url(), "OTEL_BSP_SCHEDULE_DELAY", "50")),
        "1.0");
  }

  private static EndpointGuard guard() {
    return new EndpointGuard(
        new EgressRules(
            true, List.of(Cidr.parse("127.0.0.0/8")), Set.of(80, 443), Set.of(), Set.of()));
  }
}
