package io.outboxworker.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationTextTest {

  @ParameterizedTest
  @CsvSource({"50ms,PT0.05S", "10s,PT10S", "1m,PT1M", "6h,PT6H", "5d,PT120H", " 0s ,PT0S"})
  void a_duration_is_a_whole_number_and_its_unit(String text, Duration expected) {
    assertThat(DurationText.parse(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10", "0", " 7 "})
  void a_bare_number_is_told_to_lack_its_unit(String text) {
    assertThatThrownBy(() -> DurationText.parse(text)).hasMessageStartingWith("has no unit");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "s", "-1s", "1.5s", "1 s", "1S", "1w", "PT1S", "1h30m", "9999999999999s"})
  void anything_else_is_refused(String text) {
    assertThatThrownBy(() -> DurationText.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("is not a whole number with a unit");
  }

  @Test
  void lists_are_separated_by_commas() {
    assertThat(DurationText.parseList("5s,1m, 6h"))
        .containsExactly(Duration.ofSeconds(5), Duration.ofMinutes(1), Duration.ofHours(6));
    assertThatThrownBy(() -> DurationText.parseList("1s,,2s"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0s", "1ms", "1500ms", "1s", "90s", "1m", "6h", "25h", "5d", "1s,2s,4s"})
  void what_is_written_reads_as_the_same(String text) {
    assertThat(DurationText.writeList(DurationText.parseList(text))).isEqualTo(text);
  }

  @Test
  void the_largest_exact_unit_is_written() {
    assertThat(DurationText.write(Duration.ofSeconds(60).plusMinutes(1))).isEqualTo("2m");
    assertThat(DurationText.write(Duration.ofHours(25).plusHours(23))).isEqualTo("2d");
  }
}
