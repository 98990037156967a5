package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.testing.RawReceiver;
import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/**
 * What can be said of the Dockerfile and docker-compose.yml without a Docker: that they fit the
 * repository.
 */
final class PackagingTest {

  private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
  private static final String TEST_LIBRARIES =
      ".*/(org/junit|org/opentest4j|org/apiguardian|org/assertj|org/awaitility|org/hamcrest|net/bytebuddy"
          + "|com/tngtech|org/springframework|io/micrometer|commons-logging|org/yaml|com/standardwebhooks"
          + "|am/ik|io/opentelemetry/proto|com/google/protobuf|com/fasterxml/jackson/dataformat|io/zonky|org/tukaani|org/apache|commons-|org/codehaus|org/openapi|com/networknt)/.*";

  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z_]+)(:[?-])([^}]*)}");

  /** One instruction of a Dockerfile, for example COPY with its words. */
  private record Instruction(String name, List<String> words) {

    String last() {
      return words.getLast();
    }

    /** What a COPY or FROM names, without its options and its target. */
    List<String> sources() {
      return words.subList(0, words.size() - 1).stream().filter(w -> !w.startsWith("--")).toList();
    }
  }

  @Test
  void every_stage_that_the_dockerfile_copies_from_is_named_before() throws Exception {
    Set<String> stages = new HashSet<>();
    for (Instruction instruction : dockerfile()) {
      if (instruction.name().equals("FROM") && instruction.words().contains("AS")) {
        stages.add(instruction.last());
      }
      for (String word : instruction.words()) {
        if (word.startsWith("--from=")) {
          assertThat(stages).contains(word.substring("--from=".length()));
        }
      }
    }
    assertThat(stages).isNotEmpty();
  }

  @Test
  void every_file_that_the_dockerfile_copies_exists_and_reaches_the_build() throws Exception {
    List<String> ignored =
        Files.readAllLines(REPOSITORY.resolve(".dockerignore")).stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .toList();
    List<String> needed =
        new ArrayList<>(
            List.of("mvnw", "outbox", "pom.xml", ".mvn", "outbox-worker/pom.xml", "migrations"));
    for (Instruction copy : dockerfile()) {
      if (copy.name().equals("COPY")
          && copy.words().stream().noneMatch(w -> w.startsWith("--from"))) {
        needed.addAll(copy.sources());
      }
    }
    for (String source : needed) {
      assertThat(REPOSITORY.resolve(source)).exists();
      for (String pattern : ignored) {
        assertThat(
                FileSystems.getDefault().getPathMatcher("glob:" + pattern).matches(Path.of(source)))
            .as("%s keeps %s from the build", pattern, source)
            .isFalse();
      }
    }
  }

  @Test
  void the_image_holds_the_jar_and_its_libraries_and_nothing_of_the_demo() throws Exception {
    List<String> taken = new ArrayList<>();
    for (Instruction copy : dockerfile()) {
      if (copy.words().getFirst().startsWith("--from=")) {
        taken.addAll(copy.sources());
      }
    }
    assertThat(taken)
        .containsExactly(
            "/opt/jre",
            "/src/outbox",
            "/src/outbox-worker/target/outbox-worker.jar",
            "/src/outbox-worker/target/lib");
    assertThat(Files.readString(REPOSITORY.resolve("outbox-worker/pom.xml")))
        .contains(
            "<finalName>outbox-worker</finalName>", "<classpathPrefix>lib/</classpathPrefix>");
  }

  @Test
  void the_image_starts_the_launcher_and_not_as_root() throws Exception {
    List<Instruction> dockerfile = dockerfile();
    assertThat(dockerfile)
        .contains(
            new Instruction("USER", List.of("10001:10001")),
            new Instruction("WORKDIR", List.of("/opt/outbox")),
            new Instruction("ENTRYPOINT", List.of("[\"/opt/outbox/outbox\"]")),
            new Instruction("CMD", List.of("[\"work\"]")));
    assertThat(REPOSITORY.resolve("outbox")).isExecutable();
    assertThat(REPOSITORY.resolve("mvnw")).isExecutable();
  }

  @Test
  void the_worker_starts_when_the_database_answers_and_is_migrated() throws Exception {
    JsonNode services = compose().path("services");

    assertThat(fields(services))
        .containsExactly("postgres", "migrate", "worker", "receiver", "prometheus", "grafana");
    for (String name : List.of("postgres", "worker", "receiver", "prometheus", "grafana")) {
      assertThat(services.path(name).path("healthcheck").path("test")).as(name).isNotEmpty();
      services
          .path(name)
          .path("ports")
          .forEach(port -> assertThat(port.asText()).as(name).startsWith("127.0.0.1:"));
    }
    assertThat(services.at("/postgres/healthcheck/test").toString()).contains("pg_isready");
    assertThat(services.at("/migrate/depends_on/postgres/condition").asText())
        .isEqualTo("service_healthy");
    assertThat(services.at("/worker/depends_on/migrate/condition").asText())
        .isEqualTo("service_completed_successfully");
    assertThat(services.at("/migrate/command/0").asText()).isEqualTo("migrate");
    assertThat(services.at("/worker/command/0").asText()).isEqualTo("work");
    assertThat(fields(compose().path("volumes"))).containsExactly("postgres", "prometheus");
  }

  @Test
  void the_worker_is_given_longer_to_stop_than_it_takes() throws Exception {
    String grace = compose().at("/services/worker/stop_grace_period").asText();
    assertThat(Duration.parse("PT" + grace)).isGreaterThan(Duration.ofSeconds(15 + 5));
  }

  @Test
  void the_health_check_of_the_worker_sees_whether_it_is_ready() throws Exception {
    JsonNode check = compose().at("/services/worker/healthcheck/test");
    assertThat(check.path(0).asText()).isEqualTo("CMD");
    for (String status : List.of("200 OK", "503 Service Unavailable")) {
      String answer = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      try (RawReceiver worker = RawReceiver.answering(answer)) {
        List<String> command = new ArrayList<>();
        check.forEach(word -> command.add(word.asText()));
        command.removeFirst();
        command.replaceAll(word -> word.replace("/8000", "/" + worker.port()));
        int exitCode = new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
        assertThat(exitCode).as(status).isEqualTo(status.startsWith("200") ? 0 : 1);
        assertThat(worker.requests().getFirst().line()).isEqualTo("GET /readyz HTTP/1.1");
      }
    }
  }

  /** Found by jdeps: what is missing would be seen by the first who needs it, in production. */
  @Test
  void the_image_holds_every_module_of_java_that_the_jars_need() throws Exception {
    List<String> jars = new ArrayList<>(List.of("--multi-release", "21", "--ignore-missing-deps"));
    jars.addAll(List.of("--print-module-deps", "target/classes"));
    Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(path -> path.endsWith(".jar") && !path.matches(TEST_LIBRARIES))
        .forEach(jars::add);
    StringWriter out = new StringWriter();
    var jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
    jdeps.run(new PrintWriter(out), new PrintWriter(out), jars.toArray(String[]::new));
    String needed = out.toString().strip().lines().reduce((a, b) -> b).orElseThrow();
    String held =
        Files.readAllLines(REPOSITORY.resolve("Dockerfile")).stream()
            .filter(line -> line.startsWith("  java.base,"))
            .findFirst()
            .orElseThrow();
    assertThat(held.strip().split(",")).contains(needed.split(","));
  }

  @Test
  void the_configuration_that_the_compose_file_gives_is_right() throws Exception {
    Map<String, String> given =
        Map.of(
            "POSTGRES_PASSWORD",
            "pw",
            "OUTBOX_KEYS",
            "1:" + Base64.getEncoder().encodeToString(new byte[32]));
    Map<String, String> environment = new HashMap<>();
    compose()
        .at("/services/worker/environment")
        .propertyStream()
        .forEach(setting ->
            environment.put(
                setting.getKey(),
                VARIABLE
                    .matcher(setting.getValue().asText())
                    .replaceAll(v -> given.getOrDefault(v.group(1), v.group(3)))));

    assertThatNoException().isThrownBy(() -> Config.read(environment, Config.Need.values()));
  }

  @Test
  void the_compose_file_holds_no_secret_and_asks_for_each_that_is_missing() throws Exception {
    Set<String> demanded = new HashSet<>();
    for (JsonNode service : compose().path("services")) {
      for (String name : fields(service.path("environment"))) {
        String value = service.path("environment").path(name).asText();
        var variable = VARIABLE.matcher(value);
        if (name.matches("(POSTGRES|OUTBOX)_.*(PASSWORD|KEYS|SECRET|TOKEN).*")) {
          assertThat(variable.matches()).as("%s comes from outside", name).isTrue();
          assertThat(variable.group(2)).isEqualTo(":?");
          assertThat(variable.group(3)).contains("set " + variable.group(1));
          demanded.add(variable.group(1));
        }
        assertThat(value).as(name).doesNotContainPattern("://[^/]*:[^/]*@");
      }
      for (JsonNode word : service.path("command")) {
        assertThat(word.asText()).doesNotContain("whsec_");
      }
    }
    assertThat(compose().at("/services/receiver/command/6").asText())
        .isEqualTo("${RECEIVER_SECRET:?set RECEIVER_SECRET in .env}");
    assertThat(demanded).containsExactlyInAnyOrder("POSTGRES_PASSWORD", "OUTBOX_KEYS");
  }

  private static List<Instruction> dockerfile() throws Exception {
    List<Instruction> instructions = new ArrayList<>();
    String text = Files.readString(REPOSITORY.resolve("Dockerfile")).replace("\\\n", "");
    for (String line : text.lines().toList()) {
      if (!line.isBlank() && !line.startsWith("#")) {
        List<String> words = List.of(line.strip().split("\\s+"));
        instructions.add(new Instruction(words.getFirst(), words.subList(1, words.size())));
      }
    }
    return instructions;
  }

  /** The compose file with its anchors and merge keys resolved, as Docker reads it. */
  private static JsonNode compose() throws Exception {
    Object file = new Yaml().load(Files.readString(REPOSITORY.resolve("docker-compose.yml")));
    return new ObjectMapper().valueToTree(file);
  }

  private static List<String> fields(JsonNode node) {
    return node.propertyStream().map(property -> property.getKey()).toList();
  }
}
