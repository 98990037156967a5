package io.outboxworker.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.webhook.Outcome;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The JSON array of what each attempt of a delivery saw, oldest first. */
final class History {
  private static final DateTimeFormatter SIX_DIGITS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private static final ObjectMapper JSON = new ObjectMapper();

  private History() {}

  /** What {@link #append} wrote; empty where no attempt was made. */
  static List<SeenAttempt> read(@Nullable String json) {
    if (json == null) {
      return List.of();
    }
    try {
      List<SeenAttempt> attempts = new ArrayList<>();
      for (JsonNode seen : JSON.readTree(json)) {
        attempts.add(
            new SeenAttempt(
                seen.path("attempt").asInt(),
                Instant.parse(seen.path("at").asText()),
                seen.path("duration_ms").asLong(),
                seen.path("http_status").isNumber() ? seen.path("http_status").asInt() : null,
                text(seen, "error"),
                text(seen, "response")));
      }
      return attempts;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a column of type json holds JSON", e);
    }
  }

  private static @Nullable String text(JsonNode seen, String name) {
    return seen.hasNonNull(name) ? seen.get(name).asText() : null;
  }

  /** The claim's history and one more attempt. */
  static String append(Claim claim, Instant startedAt, Outcome outcome, boolean withTexts) {
    StringBuilder json = new StringBuilder(160);
    String before = claim.history();
    if (before == null) {
      json.append('[');
    } else {
      json.append(before, 0, before.lastIndexOf(']')).append(',');
    }
    json.append("{\"attempt\":").append(claim.attempt());
    json.append(",\"at\":\"").append(SIX_DIGITS.format(startedAt)).append('"');
    json.append(",\"duration_ms\":").append(outcome.took().toMillis());
    json.append(",\"http_status\":").append(outcome.status());
    json.append(",\"error\":");
    appendText(json, withTexts ? outcome.error() : withoutText(outcome));
    json.append(",\"response\":");
    appendText(json, withTexts ? outcome.answer() : null);
    return json.append("}]").toString();
  }

  private static @Nullable String withoutText(Outcome outcome) {
    return outcome.error() == null ? null : "the error's text could not be stored";
  }

  private static void appendText(StringBuilder json, @Nullable String text) {
    if (text == null) {
      json.append("null");
      return;
    }
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      appendCharacter(json, text, i);
    }
    json.append('"');
  }

  /** U+0000 and halves of surrogate pairs have no place in PostgreSQL's text. */
  private static void appendCharacter(StringBuilder json, String text, int at) {
    char c = text.charAt(at);
    if (c == '"' || c == '\\') {
      json.append('\\').append(c);
    } else if (c == 0 || isLoneSurrogate(text, at)) {
      json.append('\uFFFD');
    } else if (c < 0x20) {
      json.append("\\u00").append(c < 0x10 ? '0' : '1').append(Character.forDigit(c & 15, 16));
    } else {
      json.append(c);
    }
  }

  private static boolean isLoneSurrogate(String text, int at) {
    char c = text.charAt(at);
    if (Character.isHighSurrogate(c)) {
      return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
    }
    return Character.isLowSurrogate(c)
        && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
  }
}
