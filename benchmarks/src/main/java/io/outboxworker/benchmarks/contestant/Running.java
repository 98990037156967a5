package io.outboxworker.benchmarks.contestant;

import io.outboxworker.benchmarks.ground.ProcessUse;
import io.outboxworker.cli.CommandFailed;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process that delivers. */
public final class Running implements AutoCloseable {
  private final String name;
  private final Process process;
  private final File log;
  private final BufferedReader out;
  private final Writer in;

  private Running(String name, Process process, File log) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.out = process.inputReader();
    this.in = process.outputWriter();
  }

  /** Starts it; what it writes to stderr goes to that file. */
  static Running start(String name, List<String> command, Map<String, String> environment, File log)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log));
    builder.environment().putAll(environment);
    Process process = builder.start();
    // Ours must not outlive us, whatever ends us.
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    return new Running(name, process, log);
  }

  public long pid() {
    return process.pid();
  }

  /** The most memory that it had resident, in MiB. */
  public double peakMebibytes() {
    return ProcessUse.peakMebibytes(process.pid());
  }

  /**
   * Fails with its last words where it has ended.
   *
   * @throws CommandFailed with the end of its log
   */
  public void check() throws IOException {
    if (!process.isAlive()) {
      throw ended();
    }
  }

  /** Sends it a line. */
  void say(String line) throws IOException {
    in.write(line + "\n");
    in.flush();
  }

  /** Waits for its next line. */
  String hear() throws IOException {
    String line = out.readLine();
    if (line == null) {
      throw ended();
    }
    return line;
  }

  /** Ends it at once. */
  public void kill() {
    process.destroyForcibly();
    close();
  }

  /** Ends it as an operator would. */
  @Override
  public void close() {
    process.toHandle().destroy();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private CommandFailed ended() throws IOException {
    List<String> lines = Files.readAllLines(log.toPath());
    return new CommandFailed(
        "%s has ended:\n%s"
            .formatted(
                name,
                String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()))));
  }
}
