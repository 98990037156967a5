package io.outboxworker.benchmarks.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LatenciesTest {
  @Test
  void a_percentile_is_a_value_that_was_measured() {
    double[] sorted = IntStream.rangeClosed(1, 200).asDoubleStream().toArray();

    assertThat(Latencies.percentile(sorted, 0.5)).isEqualTo(100);
    assertThat(Latencies.percentile(sorted, 0.99)).isEqualTo(198);
    assertThat(Latencies.percentile(sorted, 1)).isEqualTo(200);
    assertThat(Latencies.percentile(new double[] {7}, 0.5)).isEqualTo(7);
  }
}
