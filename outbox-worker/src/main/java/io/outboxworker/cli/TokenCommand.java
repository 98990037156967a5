package io.outboxworker.cli;

import io.outboxworker.api.Json;
import io.outboxworker.api.Tokens;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The tokens by which tenants speak to the API. */
@Command(name = "token", description = "Tokens for the REST API.")
public final class TokenCommand {

  private final Desk desk;

  public TokenCommand(Desk desk) {
    this.desk = desk;
  }

  @Command(description = "Makes a token and prints it; it is never shown again.")
  void create(
      @Mixin TenantOption tenant,
      @Option(names = "--name", description = "What it is for.") @Nullable String name,
      @Option(
              names = "--expires",
              paramLabel = "DURATION",
              description = "How long it is valid, such as 90d (default: for ever).")
          @Nullable Duration expires) {
    try (var database = desk.databases().apply(tenant.database())) {
      desk.out().println(new Tokens(database.jdbi()).create(tenant.id, name, expires));
    }
  }

  @Command(description = "Lists a tenant's tokens, without the tokens themselves.")
  void list(
      @Mixin TenantOption tenant,
      @Option(names = "--json", description = "Print JSON.") boolean json) {
    try (var database = desk.databases().apply(tenant.database())) {
      var tokens = new Tokens(database.jdbi()).list(tenant.id);
      if (json) {
        desk.out().println(Json.items(tokens));
        return;
      }
      var table = new Table("ID", "NAME", "CREATED", "EXPIRES", "LAST USED", "REVOKED");
      tokens.forEach(t ->
          table.add(t.id(), t.name(), t.createdAt(), t.expiresAt(), t.lastUsedAt(), t.revokedAt()));
      table.print(desk.out());
    }
  }

  @Command(description = "Ends a token's validity.")
  void revoke(
      @Mixin DatabaseOption database,
      @Parameters(paramLabel = "ID", description = "The token's id, as `token list` shows it.")
          UUID id) {
    try (var open = desk.databases().apply(database.name)) {
      if (!new Tokens(open.jdbi()).revoke(id)) {
        throw new CommandFailed("there is no token " + id + " that is not revoked yet");
      }
    }
    desk.err().println("revoked");
  }
}
