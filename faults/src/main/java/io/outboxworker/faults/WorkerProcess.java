package io.outboxworker.faults;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A worker as it is run in production: started by the launcher, in a process of its own. */
final class WorkerProcess {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  private static final Pattern LISTENING = Pattern.compile("listening on \\S+:(\\d+)\n");

  private final Process process;
  private final Path out;

  private WorkerProcess(Process process, Path out) {
    this.process = process;
    this.out = out;
  }

  /** Starts it and returns at once. */
  static WorkerProcess start(
      List<String> command,
      Map<String, String> environment,
      Path folder,
      String name,
      Redirect log) {
    Path out = folder.resolve(name + "-" + System.nanoTime() + ".out");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(log);
    builder.environment().putAll(environment);
    try {
      return new WorkerProcess(builder.start(), out);
    } catch (IOException e) {
      throw new IllegalStateException("the launcher can't be started", e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** SIGKILL, and waits until it is gone. */
  void kill() {
    process.destroyForcibly();
    awaitExit(Duration.ofMinutes(1));
  }

  void signal(String signal) {
    Signal.send(signal, process.pid());
  }

  /** Waits for its end; the exit code, or -1 after {@code limit}. */
  int awaitExit(Duration limit) {
    try {
      return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS) ? process.exitValue() : -1;
    } catch (InterruptedException e) {
      throw Moment.interrupted(e);
    }
  }

  /** Waits until it listens; false where it ended first or took longer. */
  boolean awaitReady(Duration limit) {
    long deadline = Moment.now() + limit.toMillis();
    while (process.isAlive() && Moment.now() < deadline) {
      if (port() > 0 && status("/readyz") == 200) {
        return true;
      }
      Moment.pause(Duration.ofMillis(20));
    }
    return false;
  }

  /** The status that its port answers with; 0 where it does not answer. */
  int status(String path) {
    try {
      return HTTP.send(request(path), BodyHandlers.discarding()).statusCode();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      throw Moment.interrupted(e);
    }
  }

  /** The sum of the samples whose line begins so; empty where it does not answer. */
  OptionalDouble metric(String lineStart) {
    try {
      return OptionalDouble.of(
          HTTP.send(request("/metrics"), BodyHandlers.ofString())
              .body()
              .lines()
              .filter(line -> line.startsWith(lineStart))
              .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
              .sum());
    } catch (IOException e) {
      return OptionalDouble.empty();
    } catch (InterruptedException e) {
      throw Moment.interrupted(e);
    }
  }

  private HttpRequest request(String path) {
    URI uri = URI.create("http://127.0.0.1:%d%s".formatted(Math.max(1, port()), path));
    return HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(3)).build();
  }

  /** Where it says that it listens; 0 as long as it has not said so. */
  private int port() {
    try {
      Matcher listening = LISTENING.matcher(Files.readString(out));
      return listening.find() ? Integer.parseInt(listening.group(1)) : 0;
    } catch (IOException e) {
      return 0;
    }
  }
}
