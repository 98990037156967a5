package io.outboxworker.delivery;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Parked deliveries to ask for.
 *
 * @param rooms how many of each subscription
 * @param notes what the lanes knew of parked rows before the question was asked
 * @param cut whether lanes with room were left out, because the worker has no more
 */
record Wanted(Map<UUID, Integer> rooms, Map<UUID, Long> notes, boolean cut) {
  /** A lane that asks for one and gets one knows nothing of the next. */
  private static final int AT_LEAST = 2;

  /**
   * What these lanes can take, {@code most} together: the same for each, since many of them may
   * have a single one, and those that hold least come first.
   */
  static Wanted by(Collection<Lane> lanes, int most, Load load, long now) {
    List<Asking> asking = new ArrayList<>();
    for (Lane lane : lanes) {
      int room = lane.parked() ? lane.room(now, load) : 0;
      if (room > 0) {
        asking.add(new Asking(lane, room, lane.held()));
      }
    }
    asking.sort(Comparator.comparingInt(Asking::held));
    return of(asking, most);
  }

  private record Asking(Lane lane, int room, int held) {}

  private static Wanted of(List<Asking> quietFirst, int most) {
    Map<UUID, Integer> rooms = new HashMap<>();
    Map<UUID, Long> notes = new HashMap<>();
    int each = Math.max(AT_LEAST, most / Math.max(1, quietFirst.size()));
    int left = most;
    for (Asking asking : quietFirst) {
      if (left == 0) {
        return new Wanted(rooms, notes, true);
      }
      int room = Math.min(Math.min(left, each), asking.room);
      rooms.put(asking.lane.subscriptionId, room);
      notes.put(asking.lane.subscriptionId, asking.lane.parkedNotes());
      left -= room;
    }
    return new Wanted(rooms, notes, false);
  }

  /** The lanes that got less than they asked for, so that they have no more, with their notes. */
  Map<UUID, Long> exhausted(List<Claim> claims) {
    long bytes = 0;
    Map<UUID, Integer> rest = new HashMap<>(rooms);
    for (Claim claim : claims) {
      bytes += claim.message().body().length;
      rest.merge(claim.subscriptionId(), -1, Integer::sum);
    }
    Map<UUID, Long> exhausted = new HashMap<>(notes);
    // Where the claim was cut for its size, it says nothing about what is left.
    boolean telling = bytes < Deliveries.MAX_BATCH_BYTES / 2;
    exhausted.keySet().removeIf(id -> !telling || rest.getOrDefault(id, 0) <= 0);
    return exhausted;
  }

  boolean isEmpty() {
    return rooms.isEmpty();
  }
}
