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

  /** What these lanes can take, {@code most} together; those that hold least come first. */
  static Wanted by(Collection<Lane> lanes, int most, Load load, long now) {
    List<Lane> idle = new ArrayList<>();
    List<Lane> busy = new ArrayList<>();
    for (Lane lane : lanes) {
      if (lane.parked()) {
        (lane.held() == 0 ? idle : busy).add(lane);
      }
    }
    busy.sort(Comparator.comparingInt(Lane::held));
    idle.addAll(busy);
    return of(idle, most, load, now);
  }

  private static Wanted of(List<Lane> quietFirst, int most, Load load, long now) {
    Map<UUID, Integer> rooms = new HashMap<>();
    Map<UUID, Long> notes = new HashMap<>();
    int left = most;
    for (Lane lane : quietFirst) {
      if (left == 0) {
        return new Wanted(rooms, notes, true);
      }
      int room = Math.min(left, lane.room(now, load));
      if (room > 0) {
        rooms.put(lane.subscriptionId, room);
        notes.put(lane.subscriptionId, lane.parkedNotes());
        left -= room;
      }
    }
    return new Wanted(rooms, notes, false);
  }

  boolean isEmpty() {
    return rooms.isEmpty();
  }
}
