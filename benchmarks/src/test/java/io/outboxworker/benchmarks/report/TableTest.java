package io.outboxworker.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class TableTest {
  @Test
  void a_cell_is_the_median_of_the_rounds_and_their_range() {
    String table =
        Table.of(
            List.of(
                new Figures("drain", "a", 1).with("per s", 3),
                new Figures("drain", "b", 1).with("per s", 10_000).with("lost", 0),
                new Figures("drain", "a", 2).with("per s", 1.5),
                new Figures("drain", "a", 3).with("per s", 20.26)));

    assertThat(table)
        .isEqualTo(
            """
            | drain | a             | b      |
            |-------|---------------|--------|
            | per s | 3 (1.50–20.3) | 10,000 |
            | lost  |               | 0      |

            """);
  }

  @Test
  void a_round_that_lost_something_is_faulty_whatever_its_speed() {
    Results results = new Results();
    results.add(new Figures("drain", "a", 1).with("lost", 0).with("duplicates", 3));
    assertThat(results.faulty()).isZero();

    results.add(new Figures("drain", "a", 2).with("lost", 1));
    results.add(new Figures("drain", "a", 3).with("lost", 0).with("ghosts", 2));

    assertThat(results.faulty()).isEqualTo(2);
  }
}
