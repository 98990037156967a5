package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/**
 * What can be said of the Dockerfile and docker-compose.yml without a Docker: that they fit the
 * repository.
 */
final class PackagingTest {

  private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
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

    assertThat(fields(services)).containsExactly("postgres", "migrate", "worker");
    assertThat(services.at("/postgres/healthcheck/test").toString()).contains("pg_isready");
    assertThat(services.at("/migrate/depends_on/postgres/condition").asText())
        .isEqualTo("service_healthy");
    assertThat(services.at("/worker/depends_on/migrate/condition").asText())
        .isEqualTo("service_completed_successfully");
    assertThat(services.at("/migrate/command/0").asText()).isEqualTo("migrate");
    assertThat(services.at("/worker/command/0").asText()).isEqualTo("work");
    assertThat(fields(compose().path("volumes"))).containsExactly("postgres");
  }

  @Test
  void the_worker_is_given_longer_to_stop_than_it_takes() throws Exception {
    String grace = compose().at("/services/worker/stop_grace_period").asText();
    assertThat(Duration.parse("PT" + grace)).isGreaterThan(Duration.ofSeconds(15 + 5));
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
        if (name.matches(".*(PASSWORD|KEYS|SECRET|TOKEN).*")) {
          assertThat(variable.matches()).as("%s comes from outside", name).isTrue();
          assertThat(variable.group(2)).isEqualTo(":?");
          assertThat(variable.group(3)).contains("set " + variable.group(1));
          demanded.add(variable.group(1));
        }
        assertThat(value).as(name).doesNotContainPattern("://[^/]*:[^/]*@");
      }
    }
    assertThat(demanded).containsExactlyInAnyOrder("POSTGRES_PASSWORD", "OUTBOX_KEYS");
  }

  private static List<Instruction> dockerfile() throws Exception {
    List<Instruction> instructions = new ArrayList<>();
    for (String line : Files.readAllLines(REPOSITORY.resolve("Dockerfile"))) {
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
