package io.outboxworker.subscription;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.webhook.Envelope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.StreamSupport;

/** The names of events that come with the program, each with a description and sample data. */
public final class EventTypes {
  /**
   * One of them.
   *
   * @param data a JSON object
   */
  public record EventType(String event, String description, String data) {
    /** A whole event of this kind; its resource is the first value of its data. */
    public Envelope sample(UUID eventId, UUID tenantId, Instant at) {
      return new Envelope(eventId, tenantId, event, resourceType(event), resourceId(), at, data);
    }

    private String resourceId() {
      int start = data.indexOf(":\"") + 2;
      return data.substring(start, data.indexOf('"', start));
    }
  }

  private static final String FILE = "event-types.json";
  private static final List<EventType> KNOWN = read();

  private EventTypes() {}

  /** All of them, in the order of the documentation. */
  public static List<EventType> known() {
    return KNOWN;
  }

  /** An event that a subscription to this name, group or {@code *} would get. */
  public static Envelope sample(String wanted, UUID eventId, UUID tenantId, Instant at) {
    Optional<EventType> known =
        KNOWN.stream().filter(type -> matches(wanted, type.event())).findFirst();
    if (known.isPresent() && !wanted.equals("*")) {
      return known.get().sample(eventId, tenantId, at);
    }
    String event = wanted.equals("*") ? "webhook.test" : wanted.replace("*", "test");
    return new Envelope(
        eventId, tenantId, event, resourceType(event), eventId.toString(), at, "{\"test\":true}");
  }

  private static boolean matches(String wanted, String event) {
    return wanted.endsWith(".*")
        ? event.startsWith(wanted.substring(0, wanted.length() - 1))
        : wanted.equals(event);
  }

  private static String resourceType(String event) {
    return event.substring(0, event.indexOf('.'));
  }

  private static List<EventType> read() {
    try (var file = EventTypes.class.getResourceAsStream(FILE)) {
      JsonNode types = new ObjectMapper().readTree(Objects.requireNonNull(file, FILE));
      return StreamSupport.stream(types.spliterator(), false)
          .map(type ->
              new EventType(
                  type.path("event").asText(),
                  type.path("description").asText(),
                  type.path("data").toString()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
