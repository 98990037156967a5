package io.outboxworker.cli;

import io.outboxworker.subscription.DurationText;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.UUID;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** How ids, durations and times are written on the command line. */
public final class Arguments {

  private static final Pattern UUID_FORM =
      Pattern.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}");

  private Arguments() {}

  /** Teaches these forms to a command and all its subcommands; others are usage errors. */
  public static CommandLine understoodBy(CommandLine commands) {
    return commands
        .registerConverter(UUID.class, Arguments::uuid)
        .registerConverter(Duration.class, Arguments::duration)
        .registerConverter(Instant.class, text -> time(text, Instant.now()));
  }

  static UUID uuid(String text) {
    if (!UUID_FORM.matcher(text).matches()) {
      throw new TypeConversionException("'" + text + "' is not a UUID");
    }
    return UUID.fromString(text);
  }

  static Duration duration(String text) {
    try {
      return DurationText.parse(text);
    } catch (IllegalArgumentException fault) {
      throw new TypeConversionException("'" + text + "' " + fault.getMessage());
    }
  }

  /** A time in RFC 3339, or how long before {@code now} it was; 1970 at the earliest. */
  static Instant time(String text, Instant now) {
    try {
      var time =
          text.contains(":") ? OffsetDateTime.parse(text).toInstant() : now.minus(duration(text));
      return time.isBefore(Instant.EPOCH) ? Instant.EPOCH : time;
    } catch (DateTimeException | TypeConversionException fault) {
      throw new TypeConversionException(
          "'"
              + text
              + "' is neither a time such as 2026-02-14T15:30:45Z nor a duration back from now such"
              + " as 1h");
    }
  }
}
