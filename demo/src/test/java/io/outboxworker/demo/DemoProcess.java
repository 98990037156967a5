package io.outboxworker.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** One demo in a process of its own, and what it printed so far. */
final class DemoProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader stdout;
  private final Path stderr;
  private final List<String> lines = new ArrayList<>();

  private DemoProcess(Process process, Path stderr) {
    this.process = process;
    this.stdout = process.inputReader();
    this.stderr = stderr;
  }

  static DemoProcess start(String... arguments) throws IOException {
    Path stderr = Files.createTempFile("demo", ".stderr");
    stderr.toFile().deleteOnExit();
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Demo.class.getName()));
    command.addAll(List.of(arguments));
    return new DemoProcess(
        new ProcessBuilder(command).redirectError(stderr.toFile()).start(), stderr);
  }

  /** Reads on to the first line that holds the pattern, and returns its only group. */
  String readUntil(String pattern) throws IOException {
    var wanted = Pattern.compile(pattern);
    for (String line = stdout.readLine(); line != null; line = stdout.readLine()) {
      lines.add(line);
      var found = wanted.matcher(line);
      if (found.find()) {
        return found.group(1);
      }
    }
    throw new AssertionError(
        "no line with " + pattern + " in:\n" + String.join("\n", lines) + "\n" + stderr());
  }

  /** Reads to the end and returns all lines. */
  List<String> readToEnd() throws IOException {
    for (String line = stdout.readLine(); line != null; line = stdout.readLine()) {
      lines.add(line);
    }
    return lines;
  }

  String stderr() throws IOException {
    return Files.readString(stderr);
  }

  /** Waits for the end. */
  int exitCode() throws InterruptedException {
    return process.waitFor();
  }

  /** Sends SIGTERM; the process's own method would close the streams as well. */
  void terminate() {
    process.toHandle().destroy();
  }

  /** What still runs on the data folder, which has the demo's process id in its name. */
  List<String> leftProcesses() {
    return ProcessHandle.allProcesses()
        .map(other -> other.info().commandLine().orElse(""))
        .filter(line -> line.contains("/demo/" + process.pid() + "-"))
        .toList();
  }

  /** What the worker of this demo answers. */
  String get(String path) throws IOException, InterruptedException {
    String worker =
        Pattern.compile("http://127\\.0\\.0\\.1:\\d+")
            .matcher(String.join("\n", lines))
            .results()
            .findFirst()
            .orElseThrow()
            .group();
    try (var http = HttpClient.newHttpClient()) {
      var request = HttpRequest.newBuilder(URI.create(worker + path)).build();
      return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }
  }

  /** Ends it where a test failed half way; its PostgreSQL with it. */
  @Override
  public void close() {
    process.destroy();
    process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
