package io.outboxworker.webhook;

import java.net.http.HttpResponse.ResponseInfo;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** What an answer's status line and headers mean. */
final class Answers {
  private static final Duration MAX_RETRY_AFTER = Duration.ofHours(1);
  private static final int SHOWN = 200;

  private Answers() {}

  static Outcome judge(ResponseInfo seen, String answer, Duration took, Instant now) {
    int status = seen.statusCode();
    if (status >= 200 && status < 300) {
      return new Outcome.Accepted(took, status, answer);
    }
    Duration retryAfter =
        status == 429 || status == 503
            ? seen.headers().firstValue("Retry-After").map(v -> retryAfter(v, now)).orElse(null)
            : null;
    return new Outcome.Refused(took, status, answer, error(seen), retryAfter);
  }

  /** Seconds or an HTTP date, 0 to 1 hour; null for anything else. */
  static @Nullable Duration retryAfter(String value, Instant now) {
    String text = value.strip();
    if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      // More digits than an hour needs are more than an hour, also past the range of a long.
      String digits = text.replaceFirst("^0+(?=.)", "");
      return digits.length() > 6
          ? MAX_RETRY_AFTER
          : clamped(Duration.ofSeconds(Long.parseLong(digits)));
    }
    try {
      return clamped(
          Duration.between(
              now, ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant()));
    } catch (DateTimeException | ArithmeticException e) {
      return null;
    }
  }

  private static Duration clamped(Duration asked) {
    if (asked.isNegative()) {
      return Duration.ZERO;
    }
    return asked.compareTo(MAX_RETRY_AFTER) > 0 ? MAX_RETRY_AFTER : asked;
  }

  private static String error(ResponseInfo seen) {
    String status = "HTTP " + seen.statusCode();
    if (seen.statusCode() / 100 != 3) {
      return status;
    }
    return seen.headers()
        .firstValue("Location")
        .map(location -> status + " redirect to " + shown(location) + " not followed")
        .orElse(status + " redirect not followed");
  }

  /** A receiver may put anything there: no control characters, no query that may hold a token. */
  private static String shown(String location) {
    String text = location.replaceFirst("[?#].*", "").replaceFirst("//[^/@]*@", "//");
    String printable =
        text.codePoints()
            .limit(SHOWN)
            .map(c -> Character.isISOControl(c) ? '\uFFFD' : c)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    return printable.length() < text.length() ? printable + "…" : printable;
  }
}
