package io.outboxworker.cli;

import io.outboxworker.delivery.Erasure;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Erases what events said about a resource. */
@Command(
    name = "erase",
    description = {
      "Erases the payloads of all events about a resource, and what endpoints answered to them.",
      "Prints how many events were erased. Ends with 1 where some are still being delivered and",
      "were kept: run it again later. Old copies go with the next vacuum, and with your backups."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
public final class EraseCommand implements Runnable {

  @Mixin private TenantOption tenant;

  @Option(
      names = "--resource-id",
      required = true,
      paramLabel = "ID",
      description = "The resource, as its events name it.")
  private String resourceId;

  @Option(
      names = "--resource-type",
      paramLabel = "TYPE",
      description = "Only events with this resource type (default: any).")
  private @Nullable String resourceType;

  private final Desk desk;

  public EraseCommand(Desk desk) {
    this.desk = desk;
  }

  @Override
  public void run() {
    try (var database = desk.databases().apply(tenant.database())) {
      var done = new Erasure(database.jdbi()).eraseResource(tenant.id, resourceType, resourceId);
      desk.out().println(done.erased());
      if (done.waiting() > 0) {
        throw new CommandFailed(
            done.waiting() + " events are still being delivered and were kept; run it again later");
      }
    }
  }
}
