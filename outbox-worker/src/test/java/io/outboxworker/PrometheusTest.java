package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.PrometheusServer;
import io.outboxworker.testing.PrometheusTools;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus scrapes a real worker, and answers what the rules and the dashboard ask. */
final class PrometheusTest extends EndToEnd {
  private static final Path DASHBOARD = Path.of("../deploy/grafana/dashboards/outbox-worker.json");
  private static final Duration SOON = Duration.ofSeconds(30);

  @Test
  void every_query_of_the_rules_and_the_dashboard_has_an_answer(@TempDir Path folder)
      throws Exception {
    receiver.behave("/fails", (post, number) -> 500);
    shop.subscribe("invoice.sent", receiver.url("/works"));
    shop.subscribe("invoice.rejected", receiver.url("/fails"));
    Worker worker = workers.start("OUTBOX_RETRY_DELAYS", "10ms");
    shop.publish("invoice.sent", "{}");
    shop.publish("invoice.rejected", "{}");
    await().atMost(SOON).until(shop::isDone);
    try (PrometheusServer prometheus = new PrometheusServer(folder, worker.httpPort())) {
      await().atMost(SOON).until(() -> prometheus.value("count(webhook_build_info)") == 1);
      shop.publishMany("invoice.sent", 30);
      for (int i = 0; i < 10; i++) {
        shop.publish("invoice.rejected", "{}");
      }
      await().atMost(SOON).until(shop::isDone);
      await()
          .atMost(SOON)
          .until(() ->
              prometheus.value("sum(webhook_deliveries_total)") == 42
                  && prometheus.value("sum(event:webhook_success:ratio_rate5m)") > 0);

      await()
          .atMost(SOON)
          .untilAsserted(() -> {
            assertThat(prometheus.value("webhook_success:ratio_rate5m")).isBetween(0.7, 0.8);
            assertThat(prometheus.value("webhook_retries:ratio_rate10m")).isBetween(0.15, 0.25);
          });
      for (String expression : dashboardExpressions()) {
        JsonNode result = prometheus.query(expression);
        // These show faults alone, and there is none.
        if (!expression.contains("hikaricp_pending_threads")) {
          assertThat(result).as(expression).isNotEmpty();
        }
      }
      assertRulesAreHealthy(prometheus.api("rules"));
    }
  }

  @Test
  void the_metrics_and_the_rules_are_what_promtool_calls_good() throws Exception {
    shop.subscribe("*", receiver.url("/hook"));
    Worker worker = workers.start();
    shop.publish("invoice.sent", "{}");
    await().atMost(SOON).until(shop::isDone);

    var metrics =
        PrometheusTools.promtool(workers.get(worker, "/metrics").body(), "check", "metrics");
    // What libraries name is theirs; of our own, nothing.
    assertThat(metrics.output().lines().filter(line -> line.startsWith("webhook_"))).isEmpty();
    assertThat(metrics.output()).doesNotContain("error while linting");
    var rules = PrometheusTools.promtool("", "test", "rules", "deploy/prometheus/rules_test.yml");
    assertThat(rules.exitCode()).as(rules.output()).isZero();
    var config =
        PrometheusTools.promtool("", "check", "config", "deploy/prometheus/prometheus.yml");
    assertThat(config.exitCode()).as(config.output()).isZero();
  }

  private static void assertRulesAreHealthy(JsonNode answer) {
    List<String> seen = new ArrayList<>();
    for (JsonNode group : answer.at("/data/groups")) {
      for (JsonNode rule : group.path("rules")) {
        assertThat(rule.path("health").asText()).as(rule.toString()).isEqualTo("ok");
        seen.add(rule.path("name").asText());
      }
    }
    assertThat(seen).contains("WebhookDeliveryFailureRate", "WebhookHighRetryCount").hasSize(30);
  }

  /** As Grafana would ask: every variable at All. */
  private static Set<String> dashboardExpressions() throws Exception {
    List<String> expressions = new ArrayList<>();
    for (JsonNode panel : new ObjectMapper().readTree(DASHBOARD.toFile()).path("panels")) {
      for (JsonNode target : panel.path("targets")) {
        expressions.add(
            target
                .path("expr")
                .asText()
                .replace("$__rate_interval", "1m")
                .replaceAll("\\$(database|event|tenant)", ".*"));
      }
    }
    assertThat(expressions).hasSizeGreaterThan(30);
    return Set.copyOf(expressions);
  }
}
