package io.outboxworker.delivery;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * How many newborn deliveries there is room for.
 *
 * @param perLane lanes that have other room than {@code perOther}
 * @param perOther what a lane that is not named may take
 */
public record Rooms(Map<UUID, Integer> perLane, int perOther) {

  static Rooms of(Collection<Lane> lanes, int perOther, long now) {
    Map<UUID, Integer> rooms = new HashMap<>();
    for (Lane lane : lanes) {
      int room = perOther == 0 ? 0 : lane.roomForNewborn(now);
      if (room != perOther) {
        rooms.put(lane.subscriptionId, room);
      }
    }
    return new Rooms(rooms, perOther);
  }
}
