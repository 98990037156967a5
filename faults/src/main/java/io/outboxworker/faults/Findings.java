package io.outboxworker.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/** What was measured in a run, and which promises were not kept. */
final class Findings {
  private final Map<String, String> figures = new TreeMap<>();
  private final List<String> failures = new ArrayList<>();

  synchronized void figure(String name, Object value) {
    figures.put(name, String.valueOf(value));
  }

  synchronized void expect(boolean asPromised, String promise) {
    if (!asPromised) {
      failures.add("not kept: " + promise);
    }
  }

  void within(String what, long millis, Duration bound) {
    figure(what, "%.1f s".formatted(millis / 1000.0));
    expect(
        millis <= bound.toMillis(),
        "%s within %d ms, was %d".formatted(what, bound.toMillis(), millis));
  }

  long await(String what, Duration limit, BooleanSupplier condition) {
    long begun = Moment.now();
    while (!condition.getAsBoolean()) {
      if (Moment.now() - begun > limit.toMillis()) {
        expect(false, "%s within %s".formatted(what, limit));
        break;
      }
      Moment.pause(Duration.ofMillis(20));
    }
    return Moment.now() - begun;
  }

  synchronized Map<String, String> figures() {
    return Collections.unmodifiableMap(new TreeMap<>(figures));
  }

  synchronized List<String> failures() {
    return List.copyOf(failures);
  }
}
