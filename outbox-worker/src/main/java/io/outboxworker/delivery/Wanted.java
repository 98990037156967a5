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
 */
record Wanted(Map<UUID, Integer> rooms, Map<UUID, Long> notes) {

  /** What these lanes can take, {@code most} together; those that hold least come first. */
  static Wanted by(Collection<Lane> lanes, int most, Load load, long now) {
    Map<UUID, Integer> rooms = new HashMap<>();
    Map<UUID, Long> notes = new HashMap<>();
    int left = most;
    List<Lane> quietFirst = new ArrayList<>(lanes.stream().filter(Lane::parked).toList());
    quietFirst.sort(Comparator.comparingInt(Lane::held));
    for (Lane lane : quietFirst) {
      int room = Math.min(left, lane.room(now, load));
      if (room > 0) {
        rooms.put(lane.subscriptionId, room);
        notes.put(lane.subscriptionId, lane.parkedNotes());
        left -= room;
      }
    }
    return new Wanted(rooms, notes);
  }

  boolean isEmpty() {
    return rooms.isEmpty();
  }
}
