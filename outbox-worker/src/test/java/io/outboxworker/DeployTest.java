package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** What can be said of deploy/ without a cluster: that it is well formed and fits the program. */
final class DeployTest {
  private static final Path DEPLOY = Path.of("../deploy");
  private static final ObjectMapper JSON = new ObjectMapper();

  @ParameterizedTest
  @ValueSource(strings = {"deployment.yaml", "migrate-job.yaml"})
  void containers_run_without_rights_and_with_a_root_file_system_that_is_read_only(String file)
      throws Exception {
    JsonNode pod = one("kubernetes/" + file).at("/spec/template/spec");
    JsonNode container = pod.at("/containers/0");
    assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
    assertThat(pod.at("/automountServiceAccountToken").asBoolean(true)).isFalse();
    assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean()).isTrue();
    assertThat(container.at("/securityContext/allowPrivilegeEscalation").asBoolean(true)).isFalse();
    assertThat(container.at("/securityContext/capabilities/drop/0").asText()).isEqualTo("ALL");
    assertThat(container.at("/volumeMounts/0/mountPath").asText()).isEqualTo("/tmp");
    assertThat(container.at("/resources/limits/memory").asText()).matches("\\d+Mi");
  }

  @Test
  void the_worker_in_a_cluster_is_probed_and_given_time_to_stop() throws Exception {
    JsonNode pod = one("kubernetes/deployment.yaml").at("/spec/template/spec");
    JsonNode worker = pod.at("/containers/0");
    assertThat(worker.at("/livenessProbe/httpGet/path").asText()).isEqualTo("/livez");
    assertThat(worker.at("/readinessProbe/httpGet/path").asText()).isEqualTo("/readyz");
    assertThat(worker.at("/startupProbe/httpGet/path").asText()).isEqualTo("/livez");
    long pause = worker.at("/lifecycle/preStop/exec/command/1").asLong();
    assertThat(pod.at("/terminationGracePeriodSeconds").asLong())
        .isGreaterThanOrEqualTo(15 + pause + 5);
  }

  @Test
  void the_configuration_in_the_manifests_is_right(@TempDir Path secrets) throws Exception {
    Files.writeString(secrets.resolve("database-url"), "postgresql://outbox:pw@db:5432/shop");
    Files.writeString(
        secrets.resolve("keys"), "1:" + Base64.getEncoder().encodeToString(new byte[32]));
    Map<String, String> environment = new HashMap<>();
    for (JsonNode variable :
        one("kubernetes/deployment.yaml").at("/spec/template/spec/containers/0/env")) {
      environment.put(
          variable.path("name").asText(),
          variable.path("value").asText().replace("/run/secrets/outbox", secrets.toString()));
    }
    assertThat(environment).hasSize(4);
    assertThatNoException().isThrownBy(() -> Config.read(environment, Config.Need.values()));
  }

  @Test
  void the_manifests_mean_each_other() throws Exception {
    JsonNode labels = one("kubernetes/deployment.yaml").at("/spec/template/metadata/labels");
    assertThat(one("kubernetes/service.yaml").at("/spec/selector")).isEqualTo(labels);
    assertThat(one("kubernetes/disruption.yaml").at("/spec/selector/matchLabels"))
        .isEqualTo(labels);
    assertThat(one("kubernetes/monitoring.yaml").at("/spec/selector/matchLabels"))
        .isEqualTo(one("kubernetes/service.yaml").at("/metadata/labels"));
    assertThat(one("kubernetes/autoscaler.yaml").at("/spec/scaleTargetRef/name"))
        .isEqualTo(one("kubernetes/deployment.yaml").at("/metadata/name"));
    Set<String> ports = new HashSet<>();
    one("kubernetes/deployment.yaml")
        .at("/spec/template/spec/containers/0/ports")
        .forEach(port -> ports.add(port.path("name").asText()));
    one("kubernetes/service.yaml")
        .at("/spec/ports")
        .forEach(port -> assertThat(ports).contains(port.path("targetPort").asText()));
    for (JsonNode file : one("kubernetes/kustomization.yaml").path("resources")) {
      assertThat(DEPLOY.resolve("kubernetes").resolve(file.asText())).exists();
    }
  }

  @Test
  void kustomize_accepts_the_manifests() throws Exception {
    var ran = run("kubectl", "kustomize", "deploy/kubernetes");
    assertThat(ran.exitCode).as(ran.output).isZero();
    assertThat(ran.output)
        .contains("image: outbox-worker:" + Version.current().replaceAll("-.*", ""))
        .contains("kind: HorizontalPodAutoscaler", "kind: PodDisruptionBudget");
  }

  @Test
  void systemd_accepts_the_unit_and_finds_it_closed(@TempDir Path folder) throws Exception {
    String unit = Files.readString(DEPLOY.resolve("systemd/outbox-worker.service"));
    Path here =
        Files.writeString(
            folder.resolve("outbox-worker.service"),
            unit.replace(
                "/opt/outbox/outbox",
                Path.of("../outbox").toAbsolutePath().normalize().toString()));
    var verified = run("systemd-analyze", "verify", here.toString());
    assertThat(verified.exitCode).as(verified.output).isZero();
    assertThat(verified.output).isBlank();
    var security =
        run("systemd-analyze", "security", "--offline=true", "--threshold=20", here.toString());
    assertThat(security.exitCode).as(security.output).isZero();
    assertThat(unit).contains("RestartPreventExitStatus=64 78");
    long stop =
        Long.parseLong(
            Pattern.compile("TimeoutStopSec=(\\d+)")
                .matcher(unit)
                .results()
                .findFirst()
                .orElseThrow()
                .group(1));
    assertThat(Duration.ofSeconds(stop)).isGreaterThan(Duration.ofSeconds(15 + 5));
  }

  @Test
  void every_alert_says_how_bad_it_is_and_leads_to_its_paragraph() throws Exception {
    String operations = Files.readString(Path.of("../docs/operations.md"));
    String tests = Files.readString(DEPLOY.resolve("prometheus/rules_test.yml"));
    List<String> names = new ArrayList<>();
    for (JsonNode rule : one("prometheus/rules/alerts.yml").at("/groups/0/rules")) {
      String name = rule.path("alert").asText();
      names.add(name);
      assertThat(rule.at("/labels/severity").asText()).isIn("page", "ticket");
      assertThat(rule.at("/annotations/runbook").asText())
          .isEqualTo("docs/operations.md#" + name.toLowerCase(Locale.ROOT));
      assertThat(operations).as("the paragraph of %s", name).contains("### " + name + "\n");
      assertThat(tests)
          .as("a test in which %s fires", name)
          .contains("alertname: " + name + "\n        exp_alerts:\n");
    }
    assertThat(names).contains("WebhookDeliveryFailureRate", "WebhookHighRetryCount");
  }

  @Test
  void grafana_finds_the_dashboard_and_its_data_source() throws Exception {
    JsonNode dashboard =
        JSON.readTree(DEPLOY.resolve("grafana/dashboards/outbox-worker.json").toFile());
    String source =
        one("grafana/provisioning/datasources/prometheus.yml").at("/datasources/0/uid").asText();
    assertThat(dashboard.path("uid").asText()).isEqualTo("outbox-worker");
    assertThat(dashboard.findValues("datasource"))
        .isNotEmpty()
        .allSatisfy(used -> assertThat(used.path("uid").asText()).isEqualTo(source));
    List<Integer> ids = new ArrayList<>();
    dashboard.path("panels").forEach(panel -> ids.add(panel.path("id").asInt()));
    assertThat(ids).doesNotHaveDuplicates();
    Set<String> variables =
        new HashSet<>(dashboard.at("/templating/list").findValuesAsText("name"));
    for (String expression : dashboard.findValuesAsText("expr")) {
      Pattern.compile("\\$([a-z_]+)")
          .matcher(expression)
          .results()
          .map(use -> use.group(1))
          .filter(name -> !name.startsWith("__"))
          .forEach(name -> assertThat(variables).contains(name));
    }
  }

  private record Ran(int exitCode, String output) {}

  /** Runs a program in the repository's root folder; skips the test where there is none. */
  private static Ran run(String... command) throws Exception {
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .directory(Path.of("..").toFile())
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      assumeTrue(false, command[0] + " is not installed");
      throw e;
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ran(process.waitFor(), output);
  }

  private static JsonNode one(String file) throws IOException {
    var documents = new Yaml().loadAll(Files.readString(DEPLOY.resolve(file)));
    List<Object> all = StreamSupport.stream(documents.spliterator(), false).toList();
    assertThat(all).hasSize(1);
    return JSON.valueToTree(all.get(0));
  }
}
