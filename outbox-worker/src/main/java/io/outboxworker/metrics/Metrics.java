package io.outboxworker.metrics;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import io.prometheus.client.Gauge;
import io.prometheus.client.Histogram;
import io.prometheus.client.exporter.common.TextFormat;
import io.prometheus.client.hotspot.DefaultExports;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToLongFunction;

/**
 * Every metric of the program, by the names that dashboards and alerts use. Counters count what is
 * durably recorded; gauges are what was last measured, never computed by a scrape. Thread-safe.
 */
public final class Metrics {
  /**
   * What waits in one database: events, how old the oldest is, and deliveries that are not final.
   */
  public record Waiting(long outboxRows, Duration oldestEvent, long notFinal, long parked) {}

  private final CollectorRegistry registry = new CollectorRegistry();
  private final Labels labels;
  private final Map<String, Waiting> waiting = new ConcurrentHashMap<>();
  private final Map<String, Integer> running = new ConcurrentHashMap<>();

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
          "Answers by HTTP status; other than 100 to 599 counts as other.",
          "event",
          "status_code");

  private final Gauge outboxRows = gauge("webhook_outbox_rows", "Events that wait for fan-out.");
  private final Gauge outboxOldest =
      gauge("webhook_outbox_oldest_age_seconds", "Age of the oldest event that waits for fan-out.");
  private final Gauge pending =
      gauge("webhook_pending_deliveries", "Deliveries that are not final.");
  private final Gauge parked =
      gauge("webhook_parked_deliveries", "Deliveries that wait for room in their lane.");
  private final Gauge inFlight = gauge("webhook_in_flight", "Attempts that run in this worker.");
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

  /** With {@code tenantLabel} false the tenant_id label is always empty. */
  public Metrics(boolean tenantLabel) {
    this.labels = new Labels(tenantLabel);
    DefaultExports.register(registry);
  }

  /** For libraries that bring their own collectors. */
  public CollectorRegistry registry() {
    return registry;
  }

  /** A delivery became final; {@code status} is delivered or failed. */
  public void deliveryFinished(String event, UUID tenantId, String status) {
    deliveries.labels(labels.event(event), labels.tenant(tenantId), status).inc();
  }

  /** An attempt ended, with whatever outcome. */
  public void attempted(String event, UUID tenantId, Duration took) {
    attemptSeconds.labels(labels.event(event), labels.tenant(tenantId)).observe(seconds(took));
  }

  /** An endpoint answered. */
  public void answered(String event, int status) {
    answers.labels(labels.event(event), Labels.status(status)).inc();
  }

  /** A failed attempt will be made again. */
  public void retried(String event, UUID tenantId, String reason) {
    retries.labels(labels.event(event), labels.tenant(tenantId), reason).inc();
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

  /** Something that db-scheduler tells its listeners. */
  public void retryTimer(String type) {
    timerEvents.labels(type).inc();
  }

  /** How many attempts run for the deliveries of one database. */
  public void inFlight(String database, int count) {
    running.put(database, count);
    inFlight.set(running.values().stream().mapToInt(Integer::intValue).sum());
  }

  /** What was last counted in one database's tables; the gauges show all databases together. */
  public void waiting(String database, Waiting counted) {
    waiting.put(database, counted);
    outboxRows.set(sum(Waiting::outboxRows));
    pending.set(sum(Waiting::notFinal));
    parked.set(sum(Waiting::parked));
    outboxOldest.set(
        waiting.values().stream().mapToDouble(w -> seconds(w.oldestEvent())).max().orElse(0));
  }

  private double sum(ToLongFunction<Waiting> count) {
    return waiting.values().stream().mapToLong(count).sum();
  }

  /** Everything in the text format that the {@code Accept} header asks for. */
  public String scrape(String contentType) {
    Writer text = new StringWriter();
    try {
      TextFormat.writeFormat(contentType, text, registry.metricFamilySamples());
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return text.toString();
  }

  private Counter counter(String name, String help, String... labelNames) {
    return Counter.build(name, help).labelNames(labelNames).register(registry);
  }

  private Gauge gauge(String name, String help) {
    return Gauge.build(name, help).register(registry);
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
