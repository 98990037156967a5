package io.outboxworker.faults;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * How a fault is run.
 *
 * @param perSecond events that the writer begins per second
 * @param rounds how often the fault strikes, where it strikes more than once
 * @param length how long it lasts, where that is a matter of choice
 * @param patience what time limits are multiplied by on a busy machine
 * @param seed of everything that is random
 * @param migrated whether the schema is made before the workers start
 * @param worker settings of all workers
 * @param postgres settings of the server
 */
record Plan(
    int perSecond,
    int rounds,
    Duration length,
    int patience,
    long seed,
    boolean migrated,
    Map<String, String> worker,
    Map<String, String> postgres) {

  static Plan of(int perSecond, int rounds, Duration length, int patience, long seed) {
    return new Plan(perSecond, rounds, length, patience, seed, true, Map.of(), Map.of());
  }

  Duration drainLimit() {
    return Duration.ofSeconds(90).multipliedBy(patience);
  }

  Plan withRounds(int other) {
    return new Plan(perSecond, other, length, patience, seed, migrated, worker, postgres);
  }

  Plan withLength(Duration other) {
    return new Plan(perSecond, rounds, other, patience, seed, migrated, worker, postgres);
  }

  Plan withRate(int other) {
    return new Plan(other, rounds, length, patience, seed, migrated, worker, postgres);
  }

  Plan unmigrated() {
    return new Plan(perSecond, rounds, length, patience, seed, false, worker, postgres);
  }

  /** Adds a setting of all workers. */
  Plan withWorker(String name, String value) {
    Map<String, String> more = new HashMap<>(worker);
    more.put(name, value);
    return new Plan(
        perSecond, rounds, length, patience, seed, migrated, Map.copyOf(more), postgres);
  }

  /** Adds a setting of the server. */
  Plan withPostgres(String name, String value) {
    Map<String, String> more = new HashMap<>(postgres);
    more.put(name, value);
    return new Plan(perSecond, rounds, length, patience, seed, migrated, worker, Map.copyOf(more));
  }
}
