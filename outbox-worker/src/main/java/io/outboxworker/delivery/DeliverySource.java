package io.outboxworker.delivery;

import java.util.ArrayList;
import java.util.List;

/**
 * Deliveries as one index holds them, newest first: what it finds by itself, and conditions for
 * which its rows must be looked at one by one. Those are looked at in bounded portions, since no
 * planner can know how rare a match is.
 */
record DeliverySource(String table, String columns, String indexed, List<String> lookedAt) {
  static final String NOT_FINAL =
      """
      t.id, t.event_id, coalesce(t.event, 'unknown') as event, t.subscription_id,
        coalesce((select s.url from subscription s where s.id = t.subscription_id), '') as url,
        case when t.attempts = 0 then 'pending' else 'retrying' end as status, t.attempts,
        (t.history->-1->>'http_status')::int as http_status,
        (t.history->-1->>'duration_ms')::int as duration_ms,
        t.history->-1->>'error' as last_error, t.created_at,
        null::timestamptz as finished_at, t.next_attempt_at\
      """;
  static final String FINAL =
      """
      t.id, t.event_id, t.event, t.subscription_id, t.url, t.status, t.attempts, t.http_status,
        t.duration_ms, t.last_error, t.created_at, t.finished_at,
        null::timestamptz as next_attempt_at\
      """;

  /** As the log's index has it: of a long id no more than 63 bytes. */
  static final String OF_RESOURCE =
      "t.resource_id::name::text collate \"C\" = :resource::text::name::text";

  /** What a page of these must read; each row that matches is in one of them. */
  static List<DeliverySource> of(DeliveryFilter filter) {
    List<DeliverySource> sources = new ArrayList<>();
    for (DeliveryStatus status : DeliveryStatus.values()) {
      boolean wanted = filter.status() == null || filter.status() == status;
      if (wanted && status.isFinal()) {
        sources.add(log(filter, status));
      }
    }
    if (filter.status() == null || !filter.status().isFinal()) {
      sources.add(notFinal(filter));
    }
    return sources;
  }

  private static DeliverySource notFinal(DeliveryFilter filter) {
    List<String> lookedAt = new ArrayList<>();
    if (filter.status() != null) {
      lookedAt.add(filter.status() == DeliveryStatus.PENDING ? "t.attempts = 0" : "t.attempts > 0");
    }
    if (filter.resourceId() != null) {
      lookedAt.add("t.resource_id = :resource");
    }
    if (filter.subscriptionId() != null) {
      lookedAt.add("t.subscription_id = :subscription");
    }
    if (filter.event() != null) {
      lookedAt.add("t.event = :event");
    }
    return new DeliverySource("delivery", NOT_FINAL, "t.tenant_id = :tenant", lookedAt);
  }

  /** The index of the narrowest condition: a resource has fewer deliveries than a subscription. */
  private static DeliverySource log(DeliveryFilter filter, DeliveryStatus status) {
    List<String> lookedAt = new ArrayList<>();
    String indexed = "t.tenant_id = :tenant and t.status = '%s'".formatted(status.word());
    String subscription = "t.subscription_id = :subscription";
    String event = "t.event = :event";
    if (filter.resourceId() != null) {
      indexed += " and t.resource_id = :resource and " + OF_RESOURCE;
    } else if (filter.subscriptionId() != null) {
      indexed += " and " + subscription;
    } else if (filter.event() != null) {
      indexed += " and " + event;
    }
    if (filter.subscriptionId() != null && !indexed.contains(subscription)) {
      lookedAt.add(subscription);
    }
    if (filter.event() != null && !indexed.contains(event)) {
      lookedAt.add(event);
    }
    return new DeliverySource("delivery_log", FINAL, indexed, lookedAt);
  }

  /** Whether rows that are read may turn out not to match. */
  boolean looks() {
    return !lookedAt.isEmpty();
  }

  /**
   * The newest that match, each with its id as looked_at. Of those that must be looked at, also
   * what does not match, with nothing but that id: it tells how far the search has come. The inner
   * limit tells the planner that it need not sort all of a subscription.
   */
  String newest() {
    if (!looks()) {
      return """
      (select t.id as looked_at, %s
      from %s t where %s and t.id >= :first and t.id < :end
      order by t.id desc limit :limit)
      """
          .formatted(columns, table, indexed);
    }
    return """
    (select t.id as looked_at, m.*
    from (
      select * from %2$s t where %3$s and t.id >= :first and t.id < :end
      order by t.id desc limit :most) t
    left join lateral (select %1$s where %4$s) m on true
    order by t.id desc)
    """
        .formatted(columns, table, indexed, String.join(" and ", lookedAt));
  }
}
