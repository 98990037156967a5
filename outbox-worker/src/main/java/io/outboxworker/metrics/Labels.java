package io.outboxworker.metrics;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Label values with a limit: a producer that invents event names, tenants without number or an
 * endpoint that invents statuses must not make Prometheus remember them all. What comes first keeps
 * its own labels, the rest is counted as {@code other}. Thread-safe.
 */
final class Labels {
  /** An event and a tenant as the metrics name them. */
  record Pair(String event, String tenant) {}

  /** An event and a status as the metrics name them. */
  record Answer(String event, String status) {}

  private record Delivery(String event, UUID tenantId) {}

  private record Seen(String event, int status) {}

  static final int MAX_EVENTS = 200;
  static final int MAX_PAIRS = 2_000;
  static final int MAX_ANSWERS = 2_000;
  static final int MAX_ODD_STATUSES = 20;
  static final String OTHER = "other";

  /** The events that every installation has; others can't crowd them out. */
  private static final Set<String> WELL_KNOWN =
      Set.of(
          "payment.received",
          "payment.failed",
          "customer.created",
          "customer.updated",
          "sales_order.created",
          "sales_order.confirmed",
          "sales_order.cancelled",
          "invoice.created",
          "invoice.sent",
          "invoice.authorized",
          "invoice.rejected",
          "invoice.cancelled",
          "inventory.low",
          "inventory.updated",
          "document.updated",
          "error.occurred",
          "purchase_order.created");

  private final boolean tenantLabel;
  private final Set<String> events = new HashSet<>(WELL_KNOWN);
  private final Set<Integer> oddStatuses = new HashSet<>();

  /** What was decided once; only what has labels of its own is remembered, so these are bounded. */
  private final Map<Delivery, Pair> ownPairs = new ConcurrentHashMap<>();

  private final Map<Seen, Answer> ownAnswers = new ConcurrentHashMap<>();

  Labels(boolean tenantLabel) {
    this.tenantLabel = tenantLabel;
  }

  Pair pair(String event, UUID tenantId) {
    Delivery delivery = new Delivery(event, tenantId);
    Pair own = ownPairs.get(delivery);
    return own != null ? own : decide(delivery);
  }

  Answer answer(String event, int status) {
    Seen seen = new Seen(event, status);
    Answer own = ownAnswers.get(seen);
    return own != null ? own : decide(seen);
  }

  private synchronized Pair decide(Delivery delivery) {
    String event = event(delivery.event);
    if (!tenantLabel) {
      return new Pair(event, "");
    }
    Delivery named = new Delivery(event, delivery.tenantId);
    Pair own = ownPairs.get(named);
    if (own == null && ownPairs.size() < MAX_PAIRS) {
      own = new Pair(event, delivery.tenantId.toString());
      ownPairs.put(named, own);
    }
    return own == null ? new Pair(event, OTHER) : own;
  }

  private synchronized Answer decide(Seen seen) {
    String status = status(seen.status);
    Seen named = new Seen(event(seen.event), status.equals(OTHER) ? 0 : seen.status);
    Answer own = ownAnswers.get(named);
    if (own == null && ownAnswers.size() < MAX_ANSWERS) {
      own = new Answer(named.event, status);
      ownAnswers.put(named, own);
    }
    return own == null ? new Answer(OTHER, status) : own;
  }

  private String event(String event) {
    if (events.contains(event)) {
      return event;
    }
    if (events.size() >= MAX_EVENTS) {
      return OTHER;
    }
    events.add(event);
    return event;
  }

  private String status(int status) {
    boolean own = Statuses.isRegistered(status) || oddStatuses.contains(status);
    if (!own && status >= 100 && status <= 599 && oddStatuses.size() < MAX_ODD_STATUSES) {
      own = oddStatuses.add(status);
    }
    return own ? Integer.toString(status) : OTHER;
  }
}
