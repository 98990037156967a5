package io.outboxworker.benchmarks.report;

import java.io.PrintWriter;

/** Says on stderr what is going on, with the time since the start. */
public final class Progress {
  private final PrintWriter err;
  private final long begin = System.nanoTime();

  public Progress(PrintWriter err) {
    this.err = err;
  }

  /** One line. */
  public void say(String text) {
    long seconds = (System.nanoTime() - begin) / 1_000_000_000;
    err.printf("%3d:%02d  %s%n", seconds / 60, seconds % 60, text);
  }
}
