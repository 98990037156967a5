package io.outboxworker.metrics;

import com.zaxxer.hikari.metrics.MetricsTrackerFactory;
import com.zaxxer.hikari.metrics.prometheus.PrometheusMetricsTrackerFactory;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import io.prometheus.client.exporter.common.TextFormat;
import io.prometheus.client.hotspot.DefaultExports;
import java.io.IOException;
import java.io.Writer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Every metric of the program, by the names that dashboards and alerts use. Counters count what is
 * durably recorded; gauges are what was last measured, never computed by a scrape. Thread-safe.
 */
public final class Metrics {
  private final CollectorRegistry registry = new CollectorRegistry();
  private final MetricsTrackerFactory pools = new PrometheusMetricsTrackerFactory(registry);
  private final Labels labels;
  private final DatabaseMetrics databases = new DatabaseMetrics(registry);
  private final Map<Labels.Pair, Series> series = new ConcurrentHashMap<>();

  private final Counter deliveries =
      counter("webhook_deliveries_total", "Final deliveries.", "event", "tenant_id", "status");
  private final Histogram attemptSeconds =
      Histogram.build("webhook_delivery_duration_seconds", "Duration of every attempt.")
          .labelNames("event", "tenant_id")
          .buckets(0.1, 0.5, 1, 2, 5, 10)
          .register(registry);
  private final Counter retries =
      counter(
          "webhook_retries_total",
          "Attempts that will be made again.",
          "event",
          "tenant_id",
          "reason");
  private final Counter answers =
      counter(
          "webhook_delivery_http_status_total",
          "Answers by HTTP status; what is no usual status counts as other.",
          "event",
          "status_code");
  private final Histogram lagSeconds =
      Histogram.build(
              "webhook_delivery_lag_seconds", "From occurred_at to the start of the first attempt.")
          .buckets(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600)
          .register(registry);
  private final Counter leaseLost =
      counter("webhook_lease_lost_total", "Results that came after somebody else took the row.");
  private final Counter orphans =
      counter("webhook_orphans_recovered_total", "Deliveries whose worker did not finish them.");
  private final Counter blocked =
      counter("webhook_blocked_targets_total", "Deliveries to a forbidden address, nothing sent.");
  private final Counter disabled =
      counter("webhook_subscriptions_disabled_total", "Subscriptions that were disabled.");
  private final Counter repeated =
      counter("webhook_events_repeated_total", "Events whose id was in the log already; dropped.");
  private final Counter passedOver =
      counter(
          "webhook_events_passed_over_total",
          "Times a row was passed over that fan-out could not take.");
  private final Counter timerEvents =
      counter("webhook_retry_timer_events_total", "What db-scheduler reports.", "type");

  /**
   * With {@code tenantLabel} false the tenant_id label is always empty.
   *
   * @param version of this program, as {@code webhook_build_info} shows it
   */
  public Metrics(boolean tenantLabel, String version) {
    this.labels = new Labels(tenantLabel);
    Gauge.build("webhook_build_info", "1; which version runs is in the label.")
        .labelNames("version")
        .register(registry)
        .labels(version)
        .set(1);
    DefaultExports.register(registry);
  }

  /** For pools of connections: one for all, since a second one would show none of its pools. */
  public MetricsTrackerFactory pools() {
    return pools;
  }

  /** What is measured of each database. */
  public DatabaseMetrics databases() {
    return databases;
  }

  /** A delivery became final, with success. */
  public void delivered(String event, UUID tenantId) {
    of(event, tenantId).delivered().inc();
  }

  /** A delivery became final, without success. */
  public void failed(String event, UUID tenantId) {
    of(event, tenantId).failed().inc();
  }

  /** An attempt ended, with whatever outcome. */
  public void attempted(String event, UUID tenantId, Duration took) {
    of(event, tenantId).attempts().observe(seconds(took));
  }

  /** An endpoint answered. */
  public void answered(String event, int status) {
    Labels.Answer answer = labels.answer(event, status);
    answers.labels(answer.event(), answer.status()).inc();
  }

  /** A failed attempt will be made again. */
  public void retried(String event, UUID tenantId, String reason) {
    of(event, tenantId).retry(reason).inc();
  }

  /** The first attempt of a delivery started this long after its event occurred. */
  public void lag(Duration lag) {
    lagSeconds.observe(Math.max(0, seconds(lag)));
  }

  public void leasesLost(int count) {
    leaseLost.inc(count);
  }

  public void orphansRecovered(int count) {
    orphans.inc(count);
  }

  public void targetBlocked() {
    blocked.inc();
  }

  public void subscriptionDisabled() {
    disabled.inc();
  }

  public void eventsRepeated(int count) {
    repeated.inc(count);
  }

  public void eventPassedOver() {
    passedOver.inc();
  }

  /** What db-scheduler may tell its listeners: each is there at 0 before it happens. */
  public void retryTimerTells(Collection<String> types) {
    types.forEach(timerEvents::labels);
  }

  /** Something that db-scheduler tells its listeners. */
  public void retryTimer(String type) {
    timerEvents.labels(type).inc();
  }

  /** Everything in the text format that the {@code Accept} header asks for. */
  public String scrape(String contentType) {
    Writer text = new PlainWriter();
    try {
      TextFormat.writeFormat(contentType, text, withoutCreated(registry.metricFamilySamples()));
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return text.toString();
  }

  /** When a series was created is one more series for each, and nobody asks for it. */
  private static Enumeration<MetricFamilySamples> withoutCreated(
      Enumeration<MetricFamilySamples> families) {
    List<MetricFamilySamples> kept = new ArrayList<>();
    for (MetricFamilySamples family : Collections.list(families)) {
      kept.add(
          new MetricFamilySamples(
              family.name,
              family.unit,
              family.type,
              family.help,
              family.samples.stream().filter(s -> !s.name.endsWith("_created")).toList()));
    }
    return Collections.enumeration(kept);
  }

  private Series of(String event, UUID tenantId) {
    Labels.Pair pair = labels.pair(event, tenantId);
    Series known = series.get(pair);
    return known != null
        ? known
        : series.computeIfAbsent(
            pair, fresh -> Series.of(deliveries, attemptSeconds, retries, fresh));
  }

  private Counter counter(String name, String help, String... labelNames) {
    return Counter.build(name, help).labelNames(labelNames).register(registry);
  }

  static double seconds(Duration duration) {
    // In nanoseconds the age of an event of the year 1 would be more than fits into a long.
    return duration.toSeconds() + duration.toNanosPart() / 1e9;
  }
}
