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
 * @param waitsForCommits whether workers wait for their commits, which by default they don't
 * @param disk the size of a disk of the server's own, as mount understands it; empty for none
 */
record Plan(
    int perSecond,
    int rounds,
    Duration length,
    int patience,
    long seed,
    boolean migrated,
    Map<String, String> worker,
    Map<String, String> postgres,
    boolean waitsForCommits,
    String disk) {

  static Plan of(int perSecond, int rounds, Duration length, int patience, long seed) {
    return new Plan(perSecond, rounds, length, patience, seed, true, Map.of(), Map.of(), false, "");
  }

  Duration drainLimit() {
    return Duration.ofSeconds(90).multipliedBy(patience);
  }

  Plan withRounds(int other) {
    return new Plan(
        perSecond,
        other,
        length,
        patience,
        seed,
        migrated,
        worker,
        postgres,
        waitsForCommits,
        disk);
  }

  Plan withLength(Duration other) {
    return new Plan(
        perSecond,
        rounds,
        other,
        patience,
        seed,
        migrated,
        worker,
        postgres,
        waitsForCommits,
        disk);
  }

  Plan withRate(int other) {
    return new Plan(
        other, rounds, length, patience, seed, migrated, worker, postgres, waitsForCommits, disk);
  }

  Plan unmigrated() {
    return new Plan(
        perSecond, rounds, length, patience, seed, false, worker, postgres, waitsForCommits, disk);
  }

  /** Adds a setting of all workers. */
  Plan withWorker(String name, String value) {
    Map<String, String> more = new HashMap<>(worker);
    more.put(name, value);
    return new Plan(
        perSecond,
        rounds,
        length,
        patience,
        seed,
        migrated,
        Map.copyOf(more),
        postgres,
        waitsForCommits,
        disk);
  }

  /** Adds a setting of the server. */
  Plan withPostgres(String name, String value) {
    Map<String, String> more = new HashMap<>(postgres);
    more.put(name, value);
    return new Plan(
        perSecond,
        rounds,
        length,
        patience,
        seed,
        migrated,
        worker,
        Map.copyOf(more),
        waitsForCommits,
        disk);
  }

  /** Gives the server a disk of its own, of this size. */
  Plan onDiskOf(String size) {
    return new Plan(
        perSecond,
        rounds,
        length,
        patience,
        seed,
        migrated,
        worker,
        postgres,
        waitsForCommits,
        size);
  }

  /** With workers that wait for their commits. */
  Plan waitingForCommits() {
    return new Plan(
        perSecond, rounds, length, patience, seed, migrated, worker, postgres, true, disk);
  }
}
