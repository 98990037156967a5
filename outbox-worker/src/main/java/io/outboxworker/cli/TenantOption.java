package io.outboxworker.cli;

import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whose things a command works with, and in which database. */
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class TenantOption {

  @Option(names = "--tenant", required = true, paramLabel = "UUID", description = "The tenant.")
  UUID id;

  @Mixin private final DatabaseOption database = new DatabaseOption();

  @Nullable String database() {
    return database.name;
  }
}
