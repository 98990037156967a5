package io.outboxworker.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which database a command works in. */
final class DatabaseOption {

  @Option(
      names = "--database",
      paramLabel = "NAME",
      description = "Which one of OUTBOX_DATABASES, where there are several.")
  @Nullable String name;
}
