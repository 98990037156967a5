package io.outboxworker.cli;

import io.outboxworker.subscription.KeyRing;
import java.io.PrintWriter;
import picocli.CommandLine.Command;

/** The keys that the stored signing secrets are encrypted with. */
@Command(name = "keys", description = "Keys that encrypt the stored signing secrets.")
public final class KeysCommand {

  private final PrintWriter out;

  /** Keys go to {@code out} and nowhere else. */
  public KeysCommand(PrintWriter out) {
    this.out = out;
  }

  @Command(description = "Prints a fresh value for OUTBOX_KEYS.")
  void generate() {
    out.println(KeyRing.generate());
  }
}
