package io.outboxworker.delivery;

import io.outboxworker.database.Halves;
import io.outboxworker.database.PassedOver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims parked deliveries for all lanes at once. Where one of them spoils that, such as by a
 * payload that the disk has lost, its subscription alone has to wait. Thread-safe.
 */
final class ParkedClaims {
  private static final Logger log = LoggerFactory.getLogger(ParkedClaims.class);

  private final Deliveries deliveries;
  private final PassedOver resting = new PassedOver();
  private final Set<UUID> unclaimable = ConcurrentHashMap.newKeySet();

  ParkedClaims(Deliveries deliveries) {
    this.deliveries = deliveries;
  }

  /** As many as each subscription has room for. */
  List<Claim> claim(Map<UUID, Integer> rooms) {
    Set<UUID> subscriptions = new HashSet<>(rooms.keySet());
    resting.ids().forEach(subscriptions::remove);
    List<Claim> claims = new ArrayList<>();
    if (subscriptions.isEmpty()) {
      return claims;
    }
    try {
      Halves.run(
          List.copyOf(subscriptions),
          some -> claims.addAll(deliveries.claimParked(roomsOf(some, rooms))),
          this::rest);
    } catch (RuntimeException e) {
      // What is claimed must be delivered; the rest fails again, if it does.
      if (claims.isEmpty()) {
        throw e;
      }
    }
    return claims;
  }

  private static Map<UUID, Integer> roomsOf(List<UUID> some, Map<UUID, Integer> rooms) {
    Map<UUID, Integer> theirs = new HashMap<>(rooms);
    theirs.keySet().retainAll(new HashSet<>(some));
    return theirs;
  }

  private void rest(UUID subscriptionId, RuntimeException fault) {
    resting.add(
        subscriptionId, fault, log, "subscription_id", "deliveries cannot be claimed, passed over");
    unclaimable.add(subscriptionId);
  }

  /** Those that came to rest since this was asked last. */
  List<UUID> unclaimable() {
    List<UUID> since = List.copyOf(unclaimable);
    since.forEach(unclaimable::remove);
    return since;
  }

  void claimAgain(List<UUID> subscriptionIds) {
    subscriptionIds.forEach(resting::remove);
  }
}
