package io.outboxworker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole benchmark in its smallest form, with the worker in processes of its own. */
final class ShortFormTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  @Test
  void nothing_is_lost_and_nothing_comes_without_an_event() throws IOException {
    int exit = run("--short", "--out", folder.toString());

    assertThat(exit).as(err.toString()).isZero();
    JsonNode figures =
        new ObjectMapper().readTree(folder.resolve("results.json").toFile()).get("figures");
    Set<String> scenarios = new HashSet<>();
    for (JsonNode measured : figures) {
      scenarios.add(measured.get("scenario").asText());
      JsonNode values = measured.get("values");
      if (!measured.get("variant").asText().startsWith("bare client")) {
        assertThat(values.get("lost").asDouble()).as(measured.toString()).isZero();
        assertThat(values.get("ghosts").asDouble()).as(measured.toString()).isZero();
        assertThat(values.get("deliveries/s").asDouble()).as(measured.toString()).isPositive();
      }
    }
    assertThat(scenarios)
        .containsExactlyInAnyOrder("drain", "steady", "fan-out", "noisy neighbours", "retry storm");
    assertThat(folder.resolve("drain.svg")).content().contains("outbox-worker, warm");
    assertThat(out.toString()).contains("| drain").contains("| retry storm");
  }

  @Test
  void an_unknown_scenario_is_named_before_anything_is_started() {
    assertThat(run("drian")).isEqualTo(64);

    assertThat(err.toString()).contains("drian").contains("noisy-neighbours");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void a_folder_that_cannot_be_made_is_told_before_anything_is_measured() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThat(run("--out", file.resolve("below").toString())).isEqualTo(64);

    assertThat(err.toString()).contains("--out " + file.resolve("below"));
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void sizes_and_peers_that_make_no_sense_are_refused_with_all_faults() {
    assertThat(run("--events", "0", "--rates", "100,0", "--fan-out", "99")).isEqualTo(64);
    assertThat(run("--peers", "celery,pg-boss")).isEqualTo(64);

    assertThat(err.toString())
        .contains("--events")
        .contains("--rates")
        .contains("--fan-out")
        .contains("no such peer: [celery]; there are [db-scheduler, gruelbox,");
  }

  private int run(String... arguments) {
    return Benchmarks.run(arguments, new PrintWriter(out, true), new PrintWriter(err, true));
  }
}
