package io.outboxworker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command says before anything is started. */
final class SuiteTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  @Test
  void without_a_name_each_fault_is_listed_on_a_line_of_its_own() {
    assertThat(run()).isZero();

    assertThat(out.toString().lines())
        .hasSize(Suite.faults().size() + 2)
        .anyMatch(line -> line.startsWith("postgres-kill-waiting  kill -9 of the postmaster"));
  }

  @Test
  void all_that_is_wrong_with_the_command_line_is_told_at_once() {
    assertThat(run("kil", "zombie", "--rate", "0", "--seconds", "-1")).isEqualTo(64);

    assertThat(err.toString().lines())
        .containsExactly(
            "faults/run: there is no fault 'kil'; --rate must be at least 1; --seconds must be at"
                + " least 1",
            "Try: faults/run --help");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void a_folder_that_cannot_be_made_is_named() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThat(run("none", "--folder", file.toString())).isEqualTo(64);

    assertThat(err.toString()).contains("nothing can be written to " + file);
  }

  private int run(String... arguments) {
    return Suite.run(arguments, new PrintWriter(out, true), new PrintWriter(err, true));
  }
}
