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
 * @param setUp what server and workers begin with
 */
record Plan(int perSecond, int rounds, Duration length, int patience, long seed, SetUp setUp) {
  /**
   * What server and workers begin with.
   *
   * @param migrated whether the schema is made before the workers start
   * @param waitsForCommits whether workers wait for their commits, which by default they don't
   * @param disk the size of a disk of the server's own, as mount understands it; empty for none
   * @param worker settings of all workers
   * @param postgres settings of the server
   */
  record SetUp(
      boolean migrated,
      boolean waitsForCommits,
      String disk,
      Map<String, String> worker,
      Map<String, String> postgres) {}

  static Plan of(int perSecond, int rounds, Duration length, int patience, long seed) {
    return new Plan(
        perSecond, rounds, length, patience, seed, new SetUp(true, false, "", Map.of(), Map.of()));
  }

  Duration drainLimit() {
    return Duration.ofSeconds(90).multipliedBy(patience);
  }

  Plan withRate(int other) {
    return new Plan(other, rounds, length, patience, seed, setUp);
  }

  Plan unmigrated() {
    return with(new SetUp(false, setUp.waitsForCommits, setUp.disk, setUp.worker, setUp.postgres));
  }

  /** With workers that wait for their commits. */
  Plan waitingForCommits() {
    return with(new SetUp(setUp.migrated, true, setUp.disk, setUp.worker, setUp.postgres));
  }

  /** Gives the server a disk of its own, of this size. */
  Plan onDiskOf(String size) {
    return with(
        new SetUp(setUp.migrated, setUp.waitsForCommits, size, setUp.worker, setUp.postgres));
  }

  /** Adds a setting of all workers. */
  Plan withWorker(String name, String value) {
    Map<String, String> more = and(setUp.worker, name, value);
    return with(new SetUp(setUp.migrated, setUp.waitsForCommits, setUp.disk, more, setUp.postgres));
  }

  /** Adds a setting of the server. */
  Plan withPostgres(String name, String value) {
    Map<String, String> more = and(setUp.postgres, name, value);
    return with(new SetUp(setUp.migrated, setUp.waitsForCommits, setUp.disk, setUp.worker, more));
  }

  private Plan with(SetUp other) {
    return new Plan(perSecond, rounds, length, patience, seed, other);
  }

  private static Map<String, String> and(Map<String, String> some, String name, String value) {
    Map<String, String> more = new HashMap<>(some);
    more.put(name, value);
    return Map.copyOf(more);
  }
}
