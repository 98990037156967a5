package io.outboxworker.benchmarks.contestant;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.cli.CommandFailed;
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

  /** The JVM of this program with the flags that the launcher gives the worker. */
  static List<String> java() throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags().split("\\s+")));
    return command;
  }

  /** The same for a class of this program. */
  static List<String> java(Class<?> main) throws IOException {
    List<String> command = java();
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    return command;
  }

  /** The flags that the launcher gives the worker. */
  static String flags() throws IOException {
    return launcher("--java-flags");
  }

  /** The archive of classes that the launcher makes for the JVM of this program. */
  static String archive() throws IOException {
    return launcher("archive");
  }

  private static String launcher(String command) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("sh", file("outbox").toString(), command)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("OUTBOX_JAVA_HOME", System.getProperty("java.home"));
    String told = new String(builder.start().getInputStream().readAllBytes(), UTF_8).strip();
    if (told.isEmpty()) {
      throw new CommandFailed("the launcher tells nothing for " + command);
    }
    return told;
  }
}
