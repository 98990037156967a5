package io.outboxworker.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The programs of Prometheus: from the PATH, or where .ci/run unpacked them. */
public final class PrometheusTools {
  /** What a program said and how it ended. */
  public record Ran(int exitCode, String output) {}

  private static final Path UNPACKED = Path.of("../target/ci/prometheus/usr/bin");

  private PrometheusTools() {}

  /** The program's file; skips the test where there is none. */
  public static Path program(String name) {
    var found =
        Stream.concat(
                Stream.of(UNPACKED),
                Stream.of(System.getenv("PATH").split(File.pathSeparator)).map(Path::of))
            .map(folder -> folder.resolve(name))
            .filter(Files::isExecutable)
            .findFirst();
    assumeTrue(found.isPresent(), name + " is not installed (Debian package prometheus)");
    return found.orElseThrow().toAbsolutePath();
  }

  /** Runs promtool in the repository's root folder. */
  public static Ran promtool(String input, String... arguments) throws InterruptedException {
    List<String> command = new ArrayList<>(List.of(program("promtool").toString()));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(Path.of("..").toFile())
              .redirectErrorStream(true)
              .start();
      try (var in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Ran(process.waitFor(), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
