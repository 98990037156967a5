package io.outboxworker.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryAfterTest {
  private static final Instant NOW = Instant.parse("2024-02-14T15:30:45Z");

  @ParameterizedTest
  @CsvSource({
    "0, PT0S",
    "00007, PT7S",
    "' 120 ', PT2M",
    "3600, PT1H",
    "3601, PT1H",
    "99999999999999999999999999, PT1H",
    "'Wed, 14 Feb 2024 15:31:45 GMT', PT1M",
    "'Wed, 14 Feb 2024 15:29:45 GMT', PT0S",
    "'Thu, 01 Jan 2099 00:00:00 GMT', PT1H"
  })
  void seconds_and_dates_are_read_and_kept_within_an_hour(String value, Duration read) {
    assertThat(Answers.retryAfter(value, NOW)).isEqualTo(read);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "-5", "1.5", "1e3", "+7", "٣", "tomorrow", "2024-02-14T15:31:45Z"})
  void anything_else_is_ignored(String value) {
    assertThat(Answers.retryAfter(value, NOW)).isNull();
  }
}
