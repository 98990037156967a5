package io.outboxworker.metrics;

import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Label values with a limit: a producer that invents event names, or an endpoint that invents
 * statuses, must not make Prometheus remember them all. Thread-safe.
 */
final class Labels {
  private static final int MAX_EVENTS = 200;
  private static final int MAX_TENANTS = 5_000;
  private static final String OTHER = "other";

  private final boolean tenantLabel;
  private final Set<String> events = ConcurrentHashMap.newKeySet();
  private final Set<String> tenants = ConcurrentHashMap.newKeySet();

  Labels(boolean tenantLabel) {
    this.tenantLabel = tenantLabel;
  }

  String event(String event) {
    return known(events, event, MAX_EVENTS);
  }

  String tenant(UUID tenantId) {
    return tenantLabel ? known(tenants, tenantId.toString(), MAX_TENANTS) : "";
  }

  static String status(int status) {
    return status >= 100 && status <= 599 ? Integer.toString(status) : OTHER;
  }

  private static String known(Set<String> seen, String value, int limit) {
    if (seen.contains(value)) {
      return value;
    }
    if (seen.size() >= limit) {
      return OTHER;
    }
    seen.add(value);
    return value;
  }
}
