package io.outboxworker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The suite's short form: kill, zombie, SIGTERM, terminated backends, a crash of PostgreSQL and
 * receivers that fail, all in one run of about a minute.
 */
final class ShortSuiteTest {
  @TempDir private Path folder;

  @Test
  void nothing_is_lost_invented_or_altered_whatever_breaks() throws Exception {
    Plan plan = Plan.of(30, 1, Duration.ofSeconds(5), 3, 20_260_101);

    Result result = Suite.run(CombinedFaults.inShort(), plan, folder);

    assertThat(result.passed()).as(result.text()).isTrue();
    assertThat(result.report().required()).isGreaterThan(1_000);
    assertThat(result.report().delivered()).isGreaterThan(1_000);
  }
}
