package io.outboxworker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ArgumentsTest {

  private static final Instant NOW = Instant.parse("2026-02-14T12:00:00Z");

  @ParameterizedTest
  @CsvSource({
    "2026-02-14T10:30:00Z, 2026-02-14T10:30:00Z",
    "2026-02-14T10:30:00.123456Z, 2026-02-14T10:30:00.123456Z",
    "2026-02-14T10:30:00+02:00, 2026-02-14T08:30:00Z",
    "1h, 2026-02-14T11:00:00Z",
    "7d, 2026-02-07T12:00:00Z",
    "500ms, 2026-02-14T11:59:59.500Z",
    "99999999d, 1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z, 1970-01-01T00:00:00Z",
  })
  void a_time_is_rfc_3339_or_a_duration_back_from_now(String text, Instant expected) {
    assertThat(Arguments.time(text, NOW)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "yesterday",
        "1",
        "1w",
        "2026-02-14",
        "2026-02-14T10:30:00",
        "25:00",
        "999999999999d"
      })
  void other_times_are_refused(String text) {
    assertThatThrownBy(() -> Arguments.time(text, NOW))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageStartingWith("'" + text + "' is neither a time");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1-1-1-1-1", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5", "x"})
  void what_is_no_uuid_is_refused(String text) {
    assertThatThrownBy(() -> Arguments.uuid(text)).hasMessage("'" + text + "' is not a UUID");
  }
}
