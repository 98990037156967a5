package io.outboxworker.benchmarks.report;

import java.util.ArrayList;
import java.util.List;

/** All figures of all rounds, as they come in. */
public final class Results {
  private final List<Figures> all = new ArrayList<>();

  public void add(Figures figures) {
    all.add(figures);
  }

  public List<Figures> all() {
    return List.copyOf(all);
  }

  /** How many rounds lost something or sent what it must not; such a run has failed. */
  public long faulty() {
    return all.stream()
        .filter(figures ->
            figures.values().getOrDefault("lost", 0.0) != 0
                || figures.values().getOrDefault("ghosts", 0.0) != 0)
        .count();
  }
}
