package io.outboxworker.delivery;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads the claims that one statement made; deliveries of the same event share its message. */
final class ClaimRows {
  /** What {@link #read} reads of claimed rows {@code c} and their events {@code e}. */
  static final String COLUMNS =
      """
      c.id, c.subscription_id, c.attempts, c.claims, c.history::text as history,
      extract(epoch from c.lease_until - now()) * 1000 as lease_ms,
      e.id as event_id, e.tenant_id, e.event, e.resource_type, e.resource_id, e.data::text as data, e.traceparent, e.occurred_at\
      """;

  private final Deliveries deliveries;
  private final long token;
  private final long askedNanos;
  private final Map<UUID, Message> messages = new HashMap<>();

  /**
   * @param token what the statement leased the rows with
   * @param askedNanos when it was sent
   */
  ClaimRows(Deliveries deliveries, long token, long askedNanos) {
    this.deliveries = deliveries;
    this.token = token;
    this.askedNanos = askedNanos;
  }

  Claim read(ResultSet row) throws SQLException {
    int attempts = row.getInt("attempts");
    return new Claim(
        row.getObject("id", UUID.class),
        row.getObject("subscription_id", UUID.class),
        message(row),
        attempts,
        token,
        askedNanos + (long) (row.getDouble("lease_ms") * 1_000_000),
        row.getString("history"),
        row.getInt("claims") - 1 - attempts >= Deliveries.SUSPECT_LOSSES);
  }

  private Message message(ResultSet row) throws SQLException {
    UUID eventId = row.getObject("event_id", UUID.class);
    @Nullable Message known = messages.get(eventId);
    if (known == null) {
      known = deliveries.messageOf(row, eventId);
      messages.put(eventId, known);
    }
    return known;
  }
}
