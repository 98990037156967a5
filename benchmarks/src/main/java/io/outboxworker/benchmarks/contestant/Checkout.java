package io.outboxworker.benchmarks.contestant;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.cli.CommandFailed;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The checkout that this program was built in, and how its launcher starts a JVM. */
final class Checkout {
  private Checkout() {}

  /** A file of the checkout. */
  static Path file(String path) {
    try {
      Path built =
          Path.of(Checkout.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return built.resolve("../../..").normalize().resolve(path);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** How the launcher runs the worker's JVM, up to the jar. */
  static List<String> java() throws IOException {
    return launcher("--java-command");
  }

  /** The same for a class of this program. */
  static List<String> java(Class<?> main) throws IOException {
    List<String> command = java();
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    return command;
  }

  /** The flag for the archive of classes that the launcher makes for the JVM of this program. */
  static String archive() throws IOException {
    String archive = launcher("archive").getLast();
    return (archive.endsWith(".aot") ? "-XX:AOTCache=" : "-XX:SharedArchiveFile=") + archive;
  }

  private static List<String> launcher(String command) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("sh", file("outbox").toString(), command)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    try (BufferedReader lines = builder.start().inputReader(UTF_8)) {
      List<String> told = new ArrayList<>(lines.lines().toList());
      if (told.isEmpty()) {
        throw new CommandFailed("the launcher tells nothing for " + command);
      }
      return told;
    }
  }
}
