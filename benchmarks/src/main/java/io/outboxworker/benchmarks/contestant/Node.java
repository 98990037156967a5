package io.outboxworker.benchmarks.contestant;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.cli.CommandFailed;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Node.js, and the packages that npm installs for the peers on it. */
public final class Node {
  private static final int OLDEST = 20;

  private Node() {}

  /** Why there are no peers on Node.js here; empty where there are. Installs their packages. */
  public static String missing() throws InterruptedException {
    try {
      String version = output(List.of("node", "--version"), Map.of());
      if (Integer.parseInt(version.replaceAll("^v(\\d+).*\\s*$", "$1")) < OLDEST) {
        return "Node.js is " + version.strip() + ", needed is " + OLDEST;
      }
      install();
      return "";
    } catch (IOException | CommandFailed e) {
      return "Node.js %d with npm is needed: %s".formatted(OLDEST, e.getMessage());
    }
  }

  static List<String> command(String script) {
    return List.of("node", folder().resolve(script).toString());
  }

  /** Runs a script to its end. */
  static void run(String script, Map<String, String> environment, String argument)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(command(script));
    command.add(argument);
    output(command, environment);
  }

  private static Path folder() {
    return Checkout.file("benchmarks/target/node");
  }

  private static void install() throws IOException, InterruptedException {
    Files.createDirectories(folder());
    try (DirectoryStream<Path> sources =
        Files.newDirectoryStream(Checkout.file("benchmarks/src/main/node"))) {
      for (Path source : sources) {
        Files.copy(
            source, folder().resolve(source.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    output(
        List.of(
            "npm",
            "install",
            "--prefix",
            folder().toString(),
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--prefer-offline",
            "--loglevel=error"),
        Map.of());
  }

  private static String output(List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (process.waitFor() != 0) {
      throw new CommandFailed(String.join(" ", command) + "\n" + output);
    }
    return output;
  }
}
