package io.outboxworker.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.outboxworker.api.Body.Value;
import io.outboxworker.subscription.DurationText;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a body as a route reads them, one by one. What is wrong is collected, and a field
 * that is wrong reads as null; {@link #check} ends the reading with every fault at once.
 */
final class Fields {
  private static final Pattern UUID_FORM =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private static final Instant END_OF_TIME = Instant.parse("9999-12-31T23:59:59Z");

  private final Map<String, Value> sent;
  private final Faults faults = new Faults();

  /** Notes each field that is not among the allowed ones as a fault. */
  Fields(Map<String, Value> sent, Set<String> allowed) {
    this.sent = sent;
    sent.keySet().stream()
        .filter(name -> !allowed.contains(name))
        .forEach(name ->
            faults.add(
                name,
                name
                    + " is not a field of this request, allowed are "
                    + String.join(", ", allowed.stream().sorted().toList())));
  }

  /** Whether the field was sent, be it as null. */
  boolean has(String name) {
    return sent.containsKey(name);
  }

  Faults faults() {
    return faults;
  }

  /** Throws a 422 with everything that was wrong, if anything was. */
  void check() {
    faults.check();
  }

  @Nullable String text(String name) {
    JsonNode json = value(name, JsonNode::isTextual, "must be a string");
    if (json == null) {
      return null;
    }
    if (!Faults.isStorable(json.textValue())) {
      faults.add(
          name, name + " has a character that can't be stored (U+0000 or half a surrogate pair)");
      return null;
    }
    return json.textValue();
  }

  @Nullable Boolean bool(String name) {
    JsonNode json = value(name, JsonNode::isBoolean, "must be true or false");
    return json == null ? null : (Boolean) json.booleanValue();
  }

  @Nullable Integer integer(String name, int least, int most) {
    JsonNode json =
        value(
            name,
            sent ->
                sent.isIntegralNumber()
                    && sent.canConvertToInt()
                    && sent.intValue() >= least
                    && sent.intValue() <= most,
            "must be a whole number from %d to %d".formatted(least, most));
    return json == null ? null : (Integer) json.intValue();
  }

  @Nullable Duration duration(String name) {
    return parsed(name, DurationText::parse);
  }

  @Nullable List<Duration> durations(String name) {
    return parsed(name, DurationText::parseList);
  }

  @Nullable Instant time(String name) {
    return parsed(name, Fields::parseTime);
  }

  /** An object of strings. */
  @Nullable Map<String, String> texts(String name) {
    JsonNode json =
        value(
            name,
            sent -> sent.isObject() && sent.valueStream().allMatch(JsonNode::isTextual),
            "must be an object of strings");
    if (json == null) {
      return null;
    }
    var texts = new LinkedHashMap<String, String>();
    json.properties().forEach(entry -> texts.put(entry.getKey(), entry.getValue().textValue()));
    return texts;
  }

  /** The field as it was sent, character by character, where it is an object. */
  @Nullable String object(String name) {
    Value value = sent.get(name);
    return value(name, JsonNode::isObject, "must be an object") == null || value == null
        ? null
        : value.text();
  }

  static UUID parseUuid(String text) {
    if (!UUID_FORM.matcher(text).matches()) {
      throw new IllegalArgumentException("is not a UUID");
    }
    return UUID.fromString(text);
  }

  static Instant parseTime(String text) {
    Instant time;
    try {
      time = OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          "is not a time of RFC 3339 with its zone, such as 2024-02-14T15:30:45Z", e);
    }
    // Ids begin with milliseconds since 1970, and PostgreSQL's times end sooner than Java's.
    if (time.isBefore(Instant.EPOCH) || !time.isBefore(END_OF_TIME)) {
      throw new IllegalArgumentException("must be a time from 1970 to 9999");
    }
    return time;
  }

  private <T> @Nullable T parsed(String name, Function<String, T> parse) {
    String text = text(name);
    if (text == null) {
      return null;
    }
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException e) {
      faults.add(name, name + " " + e.getMessage());
      return null;
    }
  }

  /** Notes those of these fields that have no value. */
  void require(String... names) {
    for (String name : names) {
      if (isAbsent(name)) {
        faults.add(name, name + " is required");
      }
    }
  }

  /** Notes those of these fields that were sent as null. */
  void refuseNull(String... names) {
    for (String name : names) {
      if (has(name) && isAbsent(name)) {
        faults.add(name, name + " can't be null");
      }
    }
  }

  private boolean isAbsent(String name) {
    Value value = sent.get(name);
    return value == null || value.json().isNull();
  }

  private @Nullable JsonNode value(String name, Predicate<JsonNode> fits, String must) {
    Value value = sent.get(name);
    if (value == null || value.json().isNull()) {
      return null;
    }
    if (!fits.test(value.json())) {
      faults.add(name, name + " " + must);
      return null;
    }
    return value.json();
  }
}
