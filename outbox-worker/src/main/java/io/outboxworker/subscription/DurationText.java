package io.outboxworker.subscription;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Durations as people write them here: a whole number and its unit, as in {@code 50ms} or {@code
 * 5d}.
 */
public final class DurationText {

  private static final Pattern FORM = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)");

  private DurationText() {}

  /** Reads one duration; throws IllegalArgumentException with what is wrong, but not the text. */
  public static Duration parse(String text) {
    var form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          text.strip().matches("\\d+")
              ? "has no unit (ms, s, m, h or d)"
              : "is not a whole number with a unit (ms, s, m, h or d)");
    }
    return Duration.of(Long.parseLong(form.group(1)), unit(form.group(2)));
  }

  /** Reads durations separated by commas; throws IllegalArgumentException like {@link #parse}. */
  public static List<Duration> parseList(String text) {
    return Arrays.stream(text.split(",", -1)).map(DurationText::parse).toList();
  }

  /** Writes a duration of whole milliseconds in the largest unit that holds it exactly. */
  public static String write(Duration duration) {
    long millis = duration.toMillis();
    for (var symbol : List.of("d", "h", "m", "s")) {
      long size = unit(symbol).getDuration().toMillis();
      if (millis >= size && millis % size == 0) {
        return millis / size + symbol;
      }
    }
    return millis == 0 ? "0s" : millis + "ms";
  }

  /** Writes durations with commas and no spaces, the form that {@link #parseList} reads. */
  public static String writeList(List<Duration> durations) {
    return durations.stream().map(DurationText::write).collect(Collectors.joining(","));
  }

  private static ChronoUnit unit(String symbol) {
    return switch (symbol) {
      case "ms" -> ChronoUnit.MILLIS;
      case "s" -> ChronoUnit.SECONDS;
      case "m" -> ChronoUnit.MINUTES;
      case "h" -> ChronoUnit.HOURS;
      case "d" -> ChronoUnit.DAYS;
      default -> throw new IllegalArgumentException("has an unknown unit");
    };
  }
}
