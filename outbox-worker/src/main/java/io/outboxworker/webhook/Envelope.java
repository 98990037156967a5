package io.outboxworker.webhook;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.UUID;

/** An event as its receivers see it; {@code data} is JSON text that is never parsed or changed. */
public record Envelope(
    UUID eventId,
    UUID tenantId,
    String event,
    String resourceType,
    String resourceId,
    Instant occurredAt,
    String data) {
  private static final String VERSION = "1.0";
  private static final int FIXED_PART = 256;
  private static final DateTimeFormatter MICROSECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  /**
   * The body of every POST of this event: one line, keys in the contract's order, UTF-8. The same
   * envelope and source always give the same bytes, which is what the signatures rest on.
   */
  public byte[] body(String source) {
    StringBuilder json = new StringBuilder(FIXED_PART + resourceId.length() + data.length());
    json.append("{\"event\":");
    quote(json, event);
    json.append(",\"resource_type\":");
    quote(json, resourceType);
    json.append(",\"resource_id\":");
    quote(json, resourceId);
    json.append(",\"timestamp\":\"");
    MICROSECONDS.formatTo(occurredAt, json);
    json.append("\",\"data\":").append(data);
    json.append(",\"metadata\":{\"tenant_id\":\"").append(tenantId).append("\",\"source\":");
    quote(json, source);
    json.append(",\"version\":\"" + VERSION + "\"}}");
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void quote(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> json.append("\\\"");
        case '\\' -> json.append("\\\\");
        case '\b' -> json.append("\\b");
        case '\f' -> json.append("\\f");
        case '\n' -> json.append("\\n");
        case '\r' -> json.append("\\r");
        case '\t' -> json.append("\\t");
        default -> {
          if (c < ' ') {
            json.append("\\u00")
                .append(c < 0x10 ? '0' : '1')
                .append(Character.forDigit(c & 15, 16));
          } else {
            json.append(isLoneSurrogate(text, i) ? '\uFFFD' : c);
          }
        }
      }
    }
    json.append('"');
  }

  /** Half a pair has no UTF-8 form: U+FFFD says so, where the encoder's "?" would look genuine. */
  private static boolean isLoneSurrogate(String text, int i) {
    char c = text.charAt(i);
    if (Character.isHighSurrogate(c)) {
      return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    return Character.isLowSurrogate(c)
        && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
  }
}
