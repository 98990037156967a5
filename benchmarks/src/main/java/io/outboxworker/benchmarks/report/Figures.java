package io.outboxworker.benchmarks.report;

import java.util.LinkedHashMap;
import java.util.Map;

/** What one round of one variant measured: names with their units, in the order of the table. */
public record Figures(String scenario, String variant, int round, Map<String, Double> values) {
  /** No figures yet. */
  public Figures(String scenario, String variant, int round) {
    this(scenario, variant, round, new LinkedHashMap<>());
  }

  /** Adds one. */
  public Figures with(String name, double value) {
    values.put(name, value);
    return this;
  }
}
