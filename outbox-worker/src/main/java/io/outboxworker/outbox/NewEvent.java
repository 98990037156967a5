package io.outboxworker.outbox;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An event that somebody wants to publish.
 *
 * @param resourceType null takes the event's name up to its first dot
 * @param data the text of a JSON object, which leaves as it came
 */
public record NewEvent(
    UUID tenantId, String event, @Nullable String resourceType, String resourceId, String data) {
  private static final int MAX_NAME = 100;
  private static final int MAX_RESOURCE_ID = 1_000;
  private static final int MAX_DATA_BYTES = 262_144;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)+");

  /** Of values in which {@link #faults} found nothing, and of which none that is needed is null. */
  public static NewEvent of(
      UUID tenantId,
      @Nullable String event,
      @Nullable String resourceType,
      @Nullable String resourceId,
      @Nullable String data) {
    return new NewEvent(
        tenantId,
        Objects.requireNonNull(event),
        resourceType,
        Objects.requireNonNull(resourceId),
        Objects.requireNonNull(data));
  }

  /**
   * What the outbox would refuse, by field, all of it at once; that a value is missing is not told
   * here. The table's constraints say the same.
   */
  public static Map<String, String> faults(
      @Nullable String event,
      @Nullable String resourceType,
      @Nullable String resourceId,
      @Nullable String data) {
    Map<String, String> faults = new LinkedHashMap<>();
    if (event != null && (event.length() > MAX_NAME || !NAME.matcher(event).matches())) {
      faults.put(
          "event",
          "event must be a dotted name such as invoice.created, of at most 100 characters");
    }
    if (resourceType != null && !hasLength(resourceType, MAX_NAME)) {
      faults.put("resource_type", "resource_type must have 1 to 100 characters");
    }
    if (resourceId != null && !hasLength(resourceId, MAX_RESOURCE_ID)) {
      faults.put("resource_id", "resource_id must have 1 to 1000 characters");
    }
    if (data != null && utf8Length(data) > MAX_DATA_BYTES) {
      faults.put("data", "data must have at most 262144 bytes");
    }
    return faults;
  }

  private static boolean hasLength(String text, int most) {
    int characters = text.codePointCount(0, text.length());
    return characters >= 1 && characters <= most;
  }

  private static long utf8Length(String text) {
    return text.codePoints()
        .mapToLong(c -> c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4)
        .sum();
  }
}
