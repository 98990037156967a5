package io.outboxworker.delivery;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The lanes that wait for a slot of the worker, and whose turn it is. Where slots are scarce, those
 * whose endpoints work and the retries of the others take turns: endpoints that fail ask for four
 * times as many attempts, and would else take the slots of all. First attempts at an endpoint that
 * fails come last, but one turn in eight is theirs. Guarded by the lock of {@link Lanes}.
 */
final class WaitingLanes {
  private static final int TURNS = 8;

  private final Set<Lane> well = new LinkedHashSet<>();
  private final Set<Lane> retries = new LinkedHashSet<>();
  private final Set<Lane> failing = new LinkedHashSet<>();
  private int turn;

  boolean isEmpty() {
    return well.isEmpty() && retries.isEmpty() && failing.isEmpty();
  }

  /** Behind those that are like it; where it waits already it keeps its place. */
  void add(Lane lane) {
    (!lane.health.isFailing() ? well : lane.hasRetries() ? retries : failing).add(lane);
  }

  /** Takes out whose turn it is; null where nobody waits. */
  @Nullable Lane next() {
    turn = (turn + 1) % TURNS;
    List<Set<Lane>> order =
        turn == 0
            ? List.of(failing, retries, well)
            : turn % 2 == 1 ? List.of(well, retries, failing) : List.of(retries, well, failing);
    for (Set<Lane> lanes : order) {
      Iterator<Lane> all = lanes.iterator();
      if (all.hasNext()) {
        Lane first = all.next();
        all.remove();
        return first;
      }
    }
    return null;
  }

  void clear() {
    well.clear();
    retries.clear();
    failing.clear();
  }
}
