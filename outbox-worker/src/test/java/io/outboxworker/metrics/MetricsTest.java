package io.outboxworker.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.outboxworker.metrics.DatabaseMetrics.Waiting;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MetricsTest {
  private static final UUID TENANT = UUID.fromString("7d0f4c3e-1b6a-4f0e-9a52-0c5c7f2f9a11");
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final Metrics metrics = new Metrics(true, "1.2.3");

  @Test
  void ten_thousand_tenants_make_a_bounded_number_of_series_and_none_is_uncounted() {
    List<String> events = List.of("invoice.created", "invoice.sent", "custom.thing");
    for (int i = 0; i < 10_000; i++) {
      UUID tenant = new UUID(7, i);
      for (String event : events) {
        metrics.attempted(event, tenant, Duration.ofMillis(20));
        metrics.delivered(event, tenant);
        metrics.retried(event, tenant, "timeout");
      }
    }
    assertThat(labelValues("webhook_deliveries_total", "tenant_id")).hasSizeBetween(600, 700);
    assertThat(lines().filter(line -> line.startsWith("webhook_"))).hasSizeLessThan(45_000);
    assertThat(sum("webhook_deliveries_total")).isEqualTo(30_000);
    assertThat(sum("webhook_retries_total")).isEqualTo(30_000);
    assertThat(sum("webhook_delivery_duration_seconds_count")).isEqualTo(30_000);
    assertThat(
            sample(
                "webhook_deliveries_total",
                "event=\"invoice.sent\",tenant_id=\"" + new UUID(7, 0) + "\",status=\"delivered\""))
        .isEqualTo(1);
    assertThat(sample("webhook_deliveries_total", "event=\"invoice.sent\",tenant_id=\"other\""))
        .isGreaterThan(9_000);
  }

  @Test
  void a_scrape_of_all_that_there_can_be_takes_at_most_50_ms() {
    for (int i = 0; i < 20_000; i++) {
      String event = "made.up" + i % 300;
      metrics.attempted(event, new UUID(7, i), Duration.ofMillis(20));
      metrics.retried(event, new UUID(7, i), "timeout");
      metrics.answered(event, 100 + i % 500);
    }
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long best = Long.MAX_VALUE;
    int lines = 0;
    for (int i = 0; i < 40; i++) {
      // Of this thread alone: a busy machine says nothing about a scrape.
      long start = threads.getCurrentThreadCpuTime();
      String text = metrics.scrape(TEXT);
      best = Math.min(best, threads.getCurrentThreadCpuTime() - start);
      lines = (int) text.lines().count();
    }
    assertThat(lines).isGreaterThan(40_000);
    System.out.printf("a scrape of %d lines takes %.1f ms%n", lines, best / 1e6);
    assertThat(Duration.ofNanos(best)).isLessThan(Duration.ofMillis(50));
  }

  @Test
  void invented_events_crowd_out_neither_the_well_known_ones_nor_prometheus() {
    for (int i = 0; i < 5_000; i++) {
      metrics.delivered("evil.name" + i, TENANT);
      metrics.answered("evil.name" + i, 200);
    }
    metrics.delivered("purchase_order.created", TENANT);

    assertThat(labelValues("webhook_deliveries_total", "event"))
        .hasSizeLessThanOrEqualTo(Labels.MAX_EVENTS + 1)
        .contains("evil.name0", "purchase_order.created", "other")
        .doesNotContain("evil.name4999");
    assertThat(labelValues("webhook_delivery_http_status_total", "event"))
        .hasSizeLessThanOrEqualTo(Labels.MAX_EVENTS + 1);
    assertThat(sample("webhook_deliveries_total", "event=\"other\",tenant_id=\"" + TENANT + "\""))
        .isGreaterThan(4_000);
  }

  @Test
  void invented_statuses_share_a_series() {
    for (int status = -5; status < 1_100; status++) {
      metrics.answered("invoice.sent", status);
    }
    assertThat(labelValues("webhook_delivery_http_status_total", "status_code"))
        .hasSizeLessThan(90)
        .contains("200", "404", "503", "511", "other")
        .doesNotContain("999", "-5", "0", "599");
    assertThat(sum("webhook_delivery_http_status_total")).isEqualTo(1_105);
  }

  @Test
  void invented_statuses_of_invented_events_are_bounded_together() {
    for (int i = 0; i < 100_000; i++) {
      metrics.answered("evil.name" + i % 150, 100 + i / 150 % 500);
    }
    assertThat(lines().filter(line -> line.startsWith("webhook_delivery_http_status_total{")))
        .hasSizeLessThanOrEqualTo(Labels.MAX_ANSWERS + 100);
    assertThat(sum("webhook_delivery_http_status_total")).isEqualTo(100_000);
  }

  @Test
  void what_may_fail_is_there_at_0_before_it_fails() {
    metrics.attempted("invoice.sent", TENANT, Duration.ofMillis(5));
    String labels = "event=\"invoice.sent\",tenant_id=\"" + TENANT + "\"";
    assertThat(sample("webhook_deliveries_total", labels + ",status=\"failed\"")).isZero();
    assertThat(sample("webhook_deliveries_total", labels + ",status=\"delivered\"")).isZero();
    assertThat(labelValues("webhook_retries_total", "reason"))
        .containsExactlyInAnyOrder(
            "timeout",
            "connection_error",
            "dns_error",
            "tls_error",
            "server_error",
            "client_error",
            "rate_limited",
            "redirect",
            "bad_response");
  }

  @Test
  void a_reason_that_nobody_declared_is_a_fault_of_the_program() {
    assertThatThrownBy(() -> metrics.retried("invoice.sent", TENANT, "because"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void every_family_of_the_contract_is_there_before_anything_happened() {
    assertThat(lines().filter(line -> line.startsWith("# TYPE webhook_")))
        .contains(
            "# TYPE webhook_deliveries_total counter",
            "# TYPE webhook_delivery_duration_seconds histogram",
            "# TYPE webhook_retries_total counter",
            "# TYPE webhook_delivery_http_status_total counter");
    for (String name :
        List.of(
            "webhook_outbox_rows",
            "webhook_outbox_oldest_age_seconds",
            "webhook_pending_deliveries",
            "webhook_parked_deliveries",
            "webhook_in_flight",
            "webhook_delivery_lag_seconds_count",
            "webhook_lease_lost_total",
            "webhook_orphans_recovered_total",
            "webhook_blocked_targets_total",
            "webhook_subscriptions_disabled_total",
            "webhook_events_repeated_total")) {
      assertThat(lines()).as(name).contains(name + " 0.0");
    }
    assertThat(lines()).contains("webhook_build_info{version=\"1.2.3\",} 1.0");
    assertThat(lines()).noneMatch(line -> line.contains("_created{") || line.contains("_created "));
  }

  @Test
  void without_the_tenant_label_all_tenants_share_a_series() {
    Metrics shared = new Metrics(false, "1.2.3");
    shared.delivered("invoice.sent", TENANT);
    shared.delivered("invoice.sent", new UUID(1, 2));
    assertThat(shared.scrape(TEXT))
        .contains(
            "webhook_deliveries_total{event=\"invoice.sent\",tenant_id=\"\",status=\"delivered\",}"
                + " 2.0")
        .doesNotContain(TENANT.toString());
  }

  @Test
  void databases_are_told_apart_and_added_up() {
    metrics.databases().present("north");
    metrics.databases().waiting("north", new Waiting(3, Duration.ofSeconds(9), 5, 1));
    metrics.databases().waiting("south", new Waiting(4, Duration.ofSeconds(2), 6, 2));
    metrics.databases().inFlight("north", 7);
    metrics.databases().inFlight("south", 8);

    assertThat(sample("webhook_outbox_rows", "")).isEqualTo(7);
    assertThat(sample("webhook_outbox_oldest_age_seconds", "")).isEqualTo(9);
    assertThat(sample("webhook_pending_deliveries", "")).isEqualTo(11);
    assertThat(sample("webhook_parked_deliveries", "")).isEqualTo(3);
    assertThat(sample("webhook_in_flight", "")).isEqualTo(15);
    assertThat(sample("webhook_database_outbox_rows", "database=\"south\"")).isEqualTo(4);
    assertThat(sample("webhook_database_pending_deliveries", "database=\"north\"")).isEqualTo(5);
    assertThat(sample("webhook_database_errors_total", "database=\"north\",kind=\"lock\""))
        .isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "08006, connection",
    "57P01, connection",
    "53300, connection",
    "22021, data",
    "23505, data",
    "40001, lock",
    "40P01, lock",
    "55P03, lock",
    "57014, timeout",
    "42501, other",
    ", other"
  })
  void errors_of_the_database_are_counted_by_kind(String state, String kind) {
    assertThat(DatabaseMetrics.kind(state)).isEqualTo(kind);
  }

  private Stream<String> lines() {
    return metrics.scrape(TEXT).lines();
  }

  private double sum(String name) {
    return lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .mapToDouble(MetricsTest::value)
        .sum();
  }

  /** The one sample whose labels begin so. */
  private double sample(String name, String labels) {
    String start = labels.isEmpty() ? name + " " : name + "{" + labels;
    List<String> found = lines().filter(line -> line.startsWith(start)).toList();
    assertThat(found).as(start).isNotEmpty();
    return value(found.get(0));
  }

  private List<String> labelValues(String name, String label) {
    return lines()
        .filter(line -> line.startsWith(name + "{"))
        .map(line -> line.replaceFirst(".*[{,]" + label + "=\"([^\"]*)\".*", "$1"))
        .distinct()
        .toList();
  }

  private static double value(String line) {
    return Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
  }
}
