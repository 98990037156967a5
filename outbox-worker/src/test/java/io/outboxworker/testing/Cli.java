package io.outboxworker.testing;

import io.outboxworker.Main;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;

/** The real command line, run inside the test's JVM with an environment of its own. */
public final class Cli {

  /** What a command left behind. */
  public record Ran(int exitCode, String out, String err) {
    /** The only line on stdout. */
    public String line() {
      return out.strip();
    }
  }

  private Cli() {}

  public static Ran run(Map<String, String> environment, String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int exitCode =
        Main.run(arguments, environment, new PrintWriter(out, true), new PrintWriter(err, true));
    return new Ran(exitCode, out.toString(), err.toString());
  }
}
