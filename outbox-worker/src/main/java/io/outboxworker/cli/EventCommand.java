package io.outboxworker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.outbox.InvalidEvent;
import io.outboxworker.outbox.NewEvent;
import io.outboxworker.outbox.Publisher;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Events that are published by hand. */
@Command(name = "event", description = "Events by hand; applications publish by SQL.")
public final class EventCommand {

  private final Desk desk;
  private final InputStream stdin;

  /** {@code stdin} is read where the data is given as a dash. */
  public EventCommand(Desk desk, InputStream stdin) {
    this.desk = desk;
    this.stdin = stdin;
  }

  @Command(description = "Publishes one event and prints its id.")
  void publish(
      @Mixin TenantOption tenant,
      @Option(
              names = "--event",
              required = true,
              description = "Its name, such as invoice.created.")
          String event,
      @Option(
              names = "--resource-id",
              paramLabel = "ID",
              defaultValue = "test",
              description = "What it is about (default: ${DEFAULT-VALUE}).")
          String resourceId,
      @Option(
              names = "--resource-type",
              paramLabel = "TYPE",
              description = "What kind of thing that is (default: the name up to its first dot).")
          @Nullable String resourceType,
      @Option(
              names = "--data",
              paramLabel = "JSON",
              defaultValue = "{}",
              description = "A JSON object, @FILE, or - for stdin (default: ${DEFAULT-VALUE}).")
          String data) {
    var text = text(data);
    try (var database = desk.databases().apply(tenant.database())) {
      var publisher = new Publisher(database.jdbi());
      desk.out()
          .println(
              publisher.publish(new NewEvent(tenant.id, event, resourceType, resourceId, text)));
    } catch (InvalidEvent refused) {
      throw new CommandFailed(String.valueOf(refused.getMessage()));
    }
  }

  private String text(String data) {
    try {
      if (data.equals("-")) {
        return new String(stdin.readAllBytes(), UTF_8);
      }
      return data.startsWith("@") ? Files.readString(Path.of(data.substring(1))) : data;
    } catch (IOException | InvalidPathException e) {
      throw new CommandFailed("the data can't be read: " + e);
    }
  }
}
