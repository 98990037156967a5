package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import io.outboxworker.testing.Collector;
import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestReceiver.Received;
import io.outboxworker.tracing.Tracing;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Spans as a collector gets them, and webhooks as their receiver gets them. */
final class TracingTest extends EndToEnd {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00f067aa0ba902b7";

  @AutoClose private final Collector collector = new Collector();

  @Test
  void each_attempt_is_a_span_of_the_events_trace_and_the_parent_of_what_the_receiver_does() {
    receiver.behave("/hook", (post, number) -> number == 1 ? 500 : 204);
    UUID subscription = shop.subscribe("order.paid", receiver.url("/hook?token=hunter2"));
    start("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k1", "OTEL_RESOURCE_ATTRIBUTES", "team=shop");
    UUID event = publish("00-" + TRACE + "-" + PARENT + "-01");
    await().until(() -> collector.spans().size() == 2);

    List<Span> spans = collector.spans();
    List<Received> posts = receiver.received("/hook");
    assertThat(spans)
        .allSatisfy(span -> {
          assertThat(span.getName()).isEqualTo("POST");
          assertThat(span.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_CLIENT);
          assertThat(hex(span.getTraceId().toByteArray())).isEqualTo(TRACE);
          assertThat(hex(span.getParentSpanId().toByteArray())).isEqualTo(PARENT);
        })
        .map(Collector::traceparent)
        .doesNotHaveDuplicates()
        .isEqualTo(posts.stream().map(post -> post.header("traceparent")).toList());
    Map<String, String> refused = Collector.attributes(spans.get(0).getAttributesList());
    String url = receiver.url("/hook");
    assertThat(refused)
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("http.request.method", "POST"),
                Map.entry("url.full", url),
                Map.entry("server.address", "127.0.0.1"),
                Map.entry("server.port", url.replaceAll(".*:(\\d+)/.*", "$1")),
                Map.entry("http.response.status_code", "500"),
                Map.entry("error.type", "500"),
                Map.entry("outbox.tenant_id", shop.tenant().toString()),
                Map.entry("outbox.subscription_id", subscription.toString()),
                Map.entry("outbox.event", "order.paid"),
                Map.entry("outbox.event_id", event.toString()),
                Map.entry("outbox.delivery_id", posts.get(0).delivery()),
                Map.entry("outbox.attempt", "1")));
    assertThat(spans.get(0).getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
    assertThat(spans.get(0).getStatus().getMessage()).isEqualTo("HTTP 500");
    assertThat(Collector.attributes(spans.get(1).getAttributesList()))
        .containsEntry("outbox.attempt", "2")
        .containsEntry("http.response.status_code", "204")
        .doesNotContainKey("error.type");
    assertThat(spans.get(1).getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_UNSET);
    assertThat(collector.exports().get(0).header("api-key")).isEqualTo("k1");
    assertThat(Collector.attributes(collector.resources().get(0).getResource().getAttributesList()))
        .containsEntry("service.name", "outbox-worker")
        .containsEntry("service.version", Version.current())
        .containsEntry("team", "shop");
    assertTimesAreThoseOfTheHistory(spans);
  }

  private void assertTimesAreThoseOfTheHistory(List<Span> spans) {
    await().until(shop::isDone);
    for (int i = 0; i < spans.size(); i++) {
      List<@Nullable String> seen =
          shop.row(
              """
              select history::json -> %1$d ->> 'at', history::json -> %1$d ->> 'duration_ms'
              from delivery_log
              """
                  .formatted(i));
      Instant began = Instant.parse(Objects.requireNonNull(seen.get(0)));
      long start = spans.get(i).getStartTimeUnixNano();
      assertThat(start / 1_000)
          .isEqualTo(began.getEpochSecond() * 1_000_000 + began.getNano() / 1_000);
      assertThat((spans.get(i).getEndTimeUnixNano() - start) / 1_000_000)
          .isEqualTo(Long.parseLong(Objects.requireNonNull(seen.get(1))));
    }
  }

  @Test
  void who_is_not_sampled_is_not_exported_and_who_has_no_trace_begins_one() {
    shop.subscribe("order.paid", receiver.url("/hook"));
    start();
    publish("00-" + TRACE + "-" + PARENT + "-00");
    await().until(() -> receiver.received().size() == 1);
    publish(null);
    await().until(() -> collector.spans().size() == 1);

    assertThat(receiver.received().get(0).header("traceparent"))
        .matches("00-" + TRACE + "-[0-9a-f]{16}-00")
        .doesNotContain(PARENT);
    Span first = collector.spans().get(0);
    assertThat(first.getParentSpanId().isEmpty()).isTrue();
    assertThat(receiver.received().get(1).header("traceparent"))
        .isEqualTo(Collector.traceparent(first))
        .doesNotContain(TRACE);
  }

  @Test
  void a_target_that_is_refused_is_a_span_as_well_even_where_it_names_no_host() {
    shop.subscribe("order.paid", receiver.url("/hook"));
    shop.jdbi().useHandle(h -> h.execute("update subscription set url = 'http://a_b/hook'"));
    start();
    publish(null);
    await().until(() -> collector.spans().size() == 1 && shop.isDone());

    Span span = collector.spans().get(0);
    assertThat(Collector.attributes(span.getAttributesList()))
        .containsEntry("error.type", "blocked")
        .doesNotContainKeys("server.address", "http.response.status_code");
    assertThat(shop.row("select last_error from delivery_log"))
        .containsExactly(span.getStatus().getMessage());
    assertThat(receiver.received()).isEmpty();
  }

  @Test
  void a_collector_that_fails_is_told_once_and_holds_up_no_delivery() {
    Logger logger = (Logger) LoggerFactory.getLogger(Tracing.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(lines);
    try {
      collector.behave((export, number) -> number <= 3 ? 400 : 200);
      shop.subscribe("order.paid", receiver.url("/hook"));
      start();
      for (int i = 1; i <= 4; i++) {
        int deliveries = i;
        publish(null);
        await().until(() -> receiver.received().size() == deliveries);
        await().until(() -> collector.exports().size() == deliveries);
      }
      await().until(() -> lines.list.size() == 2);
      assertThat(lines.list.get(0).getMessage()).startsWith("spans can't be exported");
      assertThat(lines.list.get(0).getKeyValuePairs())
          .hasToString(
              "[collector=\"%s\", cause=\"HTTP 400\"]"
                  .formatted(collector.url().replace("http://", "")));
      assertThat(lines.list.get(1).getMessage()).isEqualTo("spans are exported again");
      assertThat(lines.list.get(1).getKeyValuePairs()).hasToString("[lost=\"3\"]");
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }
  }

  @Test
  void a_stop_exports_what_is_left_and_waits_for_no_collector_that_hangs() throws Exception {
    shop.subscribe("order.paid", receiver.url("/hook"));
    Worker worker = start("OTEL_BSP_SCHEDULE_DELAY", "600000");
    publish(null);
    await().until(shop::isDone);
    assertThat(collector.exports()).isEmpty();
    assertThat(worker.stop()).isTrue();
    assertThat(collector.spans()).hasSize(1);

    CountDownLatch released = new CountDownLatch(1);
    collector.behave((export, number) -> {
      released.await();
      return 200;
    });
    Worker hurried = start("OUTBOX_SHUTDOWN_TIMEOUT", "1s");
    publish(null);
    await().until(() -> collector.exports().size() == 2 && shop.isDone());
    long begun = System.nanoTime();
    assertThat(hurried.stop()).isTrue();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMillis(2_900));
    released.countDown();
  }

  private Worker start(String... settings) {
    String[] all = new String[settings.length + 6];
    System.arraycopy(
        new String[] {
          "OTEL_EXPORTER_OTLP_ENDPOINT", collector.url(),
          "OTEL_BSP_SCHEDULE_DELAY", "50",
          "OUTBOX_RETRY_DELAYS", "50ms"
        },
        0,
        all,
        0,
        6);
    System.arraycopy(settings, 0, all, 6, settings.length);
    return workers.start(all);
  }

  private UUID publish(@Nullable String traceparent) {
    return shop.jdbi()
        .withHandle(handle ->
            handle
                .createQuery(
                    """
                    insert into outbox (tenant_id, event, resource_id, data, traceparent)
                    values (:tenant, 'order.paid', 'r-1', '{}', :traceparent) returning id
                    """)
                .bind("tenant", shop.tenant())
                .bind("traceparent", traceparent)
                .mapTo(UUID.class)
                .one());
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
