package io.outboxworker.cli;

import io.outboxworker.api.Json;
import io.outboxworker.delivery.DeliveryFilter;
import io.outboxworker.delivery.DeliveryItem;
import io.outboxworker.delivery.DeliveryList;
import io.outboxworker.delivery.DeliveryStatus;
import java.time.Instant;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A tenant's deliveries, newest first. */
@Command(name = "deliveries", description = "Lists a tenant's deliveries, newest first.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
public final class DeliveriesCommand implements Runnable {

  private static final int PAGE = 1_000;
  private static final int TABLE_ROWS = 100;

  @Mixin private TenantOption tenant;

  @Option(names = "--status", description = "Only these: pending, retrying, delivered or failed.")
  private @Nullable DeliveryStatus status;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "Created since then: 2026-02-14T15:30:45Z, or 1h for an hour ago.")
  private @Nullable Instant since;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "At most so many (default: 100, with --json all).")
  private @Nullable Integer limit;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  private final Desk desk;

  public DeliveriesCommand(Desk desk) {
    this.desk = desk;
  }

  @Override
  public void run() {
    if (limit != null && limit < 1) {
      throw new CommandMisused("--limit must be at least 1");
    }
    try (var database = desk.databases().apply(tenant.database())) {
      var deliveries = new DeliveryList(database.jdbi());
      if (json) {
        printJson(deliveries);
      } else {
        printTable(deliveries);
      }
    }
  }

  private void printJson(DeliveryList deliveries) {
    desk.out().print("{\"items\":[");
    var separator =
        new Object() {
          String text = "";
        };
    each(
        deliveries,
        limit == null ? Long.MAX_VALUE : limit,
        item -> {
          desk.out().print(separator.text + Json.of(item));
          separator.text = ",\n";
        });
    desk.out().println("]}");
  }

  private void printTable(DeliveryList deliveries) {
    var table =
        new Table(
            "CREATED", "STATUS", "EVENT", "ATTEMPTS", "HTTP", "MS", "URL", "ID", "LAST ERROR");
    int rows = limit == null ? TABLE_ROWS : limit;
    long found =
        each(
            deliveries,
            rows,
            d ->
                table.add(
                    d.createdAt(),
                    d.status(),
                    d.event(),
                    d.attempts(),
                    d.httpStatus(),
                    d.durationMs(),
                    d.url(),
                    d.id(),
                    d.lastError()));
    table.print(desk.out());
    if (found == rows && limit == null) {
      desk.err().println("the newest " + rows + "; --limit or --json shows more");
    }
  }

  /** Page by page, so that a log of any length fits into memory. */
  private long each(DeliveryList deliveries, long most, Consumer<DeliveryItem> consumer) {
    var filter = DeliveryFilter.since(tenant.id, status, since);
    UUID before = null;
    long left = most;
    do {
      var page = deliveries.page(filter, before, (int) Math.min(PAGE, left));
      page.items().forEach(consumer);
      left -= page.items().size();
      before = page.next();
    } while (before != null && left > 0);
    return most - left;
  }
}
