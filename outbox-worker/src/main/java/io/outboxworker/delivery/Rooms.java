package io.outboxworker.delivery;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * How many newborn deliveries there is room for.
 *
 * @param closed lanes that have none
 * @param perLane lanes that have other room than {@code perOther}
 * @param perOther what a lane that is not named may take
 * @param together what all of them may take together
 */
public record Rooms(List<UUID> closed, Map<UUID, Integer> perLane, int perOther, int together) {

  /** Names only lanes with less room than most, and busy ones with more: few, where all is well. */
  static Rooms of(Collection<Lane> lanes, Load load, long now) {
    int together = load.room();
    int perOther = Math.min(Math.min(Lane.FIRST_HOLD, load.share()), together);
    List<UUID> closed = new ArrayList<>();
    Map<UUID, Integer> rooms = new HashMap<>();
    for (Lane lane : lanes) {
      int room = perOther == 0 ? 0 : lane.roomForNewborn(now, load);
      if (room < perOther && room == 0) {
        closed.add(lane.subscriptionId);
      } else if (room < perOther || (room > perOther && lane.held() > perOther / 2)) {
        rooms.put(lane.subscriptionId, room);
      }
    }
    return new Rooms(closed, rooms, perOther, together);
  }
}
