package io.outboxworker.api;

import io.helidon.common.uri.UriQuery;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The query parameters of a request, read like {@link Fields}: what is wrong is collected and told
 * by {@link #check}.
 */
final class Parameters {
  private final UriQuery query;
  private final Faults faults = new Faults();

  /** Notes parameters that are not allowed, and those that are given twice. */
  Parameters(UriQuery query, Set<String> allowed) {
    this.query = query;
    for (String name : query.names()) {
      if (!allowed.contains(name)) {
        faults.add(
            name,
            name
                + " is not a parameter of this route, "
                + (allowed.isEmpty()
                    ? "which has none"
                    : "allowed are " + String.join(", ", allowed.stream().sorted().toList())));
      } else if (query.all(name).size() > 1) {
        faults.add(name, name + " is given more than once");
      }
    }
  }

  Faults faults() {
    return faults;
  }

  /** Throws a 422 with everything that was wrong, if anything was. */
  void check() {
    faults.check();
  }

  @Nullable String text(String name) {
    if (!query.contains(name)) {
      return null;
    }
    String text = query.get(name);
    if (!Faults.isStorable(text)) {
      faults.add(name, name + " has a character that can't be stored");
      return null;
    }
    return text;
  }

  @Nullable Boolean bool(String name) {
    String text = oneOf(name, "true", "false");
    return text == null ? null : Boolean.valueOf(text);
  }

  /** One of these words. */
  @Nullable String oneOf(String name, String... words) {
    String text = text(name);
    if (text != null && !List.of(words).contains(text)) {
      faults.add(name, name + " must be one of " + String.join(", ", words));
      return null;
    }
    return text;
  }

  @Nullable UUID uuid(String name) {
    return parsed(name, Fields::parseUuid);
  }

  @Nullable Instant time(String name) {
    return parsed(name, Fields::parseTime);
  }

  /** Which page of a list: the parameters {@code limit} and {@code cursor}. */
  Page.Wanted page() {
    Integer limit = parsed("limit", Page::parseLimit);
    UUID before = parsed("cursor", Page::parseCursor);
    return new Page.Wanted(limit == null ? Page.DEFAULT_LIMIT : limit, before);
  }

  private <T> @Nullable T parsed(String name, Function<String, T> parse) {
    String text = text(name);
    try {
      return text == null ? null : parse.apply(text);
    } catch (IllegalArgumentException e) {
      faults.add(name, name + " " + e.getMessage());
      return null;
    }
  }
}
