package io.outboxworker.outbox;

import io.outboxworker.delivery.Claim;
import io.outboxworker.delivery.Deliveries;
import io.outboxworker.delivery.Message;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** Gathers the rows of a fan-out: one per event, and what concerns all of them in the first. */
final class Rows {
  private static final UUID[] NONE = {};

  /** Of a full batch of 500: with so many a tenant makes others wait. */
  private static final int FLOOD = 32;

  private final Deliveries deliveries;
  private final Map<UUID, Message> messages = new HashMap<>();
  private final Map<UUID, Integer> perTenant = new HashMap<>();
  private int picked;
  private int events;
  private int repeated;
  private UUID[] leasedEvents = NONE;
  private UUID[] leasedIds = NONE;
  private UUID[] leasedSubscriptions = NONE;
  private Long[] leasesMillis = {};
  private UUID[] parked = NONE;

  Rows(Deliveries deliveries) {
    this.deliveries = deliveries;
  }

  /** Takes one row and returns how many there are now. */
  int add(ResultSet row) throws SQLException {
    if (events == 0) {
      picked = row.getInt("picked");
      leasedEvents = (UUID[]) row.getArray("leased_events").getArray();
      leasedIds = (UUID[]) row.getArray("leased_ids").getArray();
      leasedSubscriptions = (UUID[]) row.getArray("leased_subscriptions").getArray();
      leasesMillis = (Long[]) row.getArray("leases_ms").getArray();
      parked = (UUID[]) row.getArray("parked").getArray();
    }
    perTenant.merge(row.getObject("tenant_id", UUID.class), 1, Integer::sum);
    repeated += row.getBoolean("repeated") ? 1 : 0;
    if (row.getBoolean("is_leased")) {
      UUID id = row.getObject("event_id", UUID.class);
      messages.put(id, deliveries.messageOf(row, id));
    }
    return ++events;
  }

  private Set<UUID> flooding() {
    return perTenant.entrySet().stream()
        .filter(tenant -> tenant.getValue() > FLOOD)
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  Batch batch(long token, long askedNanos) {
    List<Claim> claims = new ArrayList<>(leasedIds.length);
    for (int i = 0; i < leasedIds.length; i++) {
      Message message = Objects.requireNonNull(messages.get(leasedEvents[i]));
      long leaseEnds = askedNanos + leasesMillis[i] * 1_000_000;
      claims.add(
          new Claim(
              leasedIds[i], leasedSubscriptions[i], message, 0, token, leaseEnds, null, false));
    }
    return new Batch(picked, events, repeated, claims, Set.of(parked), flooding());
  }
}
