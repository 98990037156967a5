package io.outboxworker.delivery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Erases what events said, and what endpoints answered to them: for good, on request. The rows
 * stay, so that lists, counts and the events' ids stay as they are. Thread-safe.
 */
public final class Erasure {
  /** What came of erasing one delivery's payload. */
  public enum Erased {
    DONE,
    /** The tenant has no such delivery. */
    UNKNOWN,
    /** A delivery of the event still needs it. */
    NOT_FINAL
  }

  /**
   * What came of erasing a resource.
   *
   * @param erased how many events were erased now
   * @param waiting how many could not be, because deliveries still need them
   */
  public record Resource(long erased, long waiting) {}

  private static final Duration DAY = Duration.ofDays(1);

  private final Jdbi jdbi;

  public Erasure(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Erases the payload of the delivery's event, which all deliveries of that event share. */
  public Erased erase(UUID tenantId, UUID deliveryId) {
    return jdbi.inTransaction(handle -> {
      Optional<UUID> event =
          handle
              .createQuery(
                  """
                  select event_id from delivery where id = :id and tenant_id = :tenant
                  union all
                  select event_id from delivery_log where id = :id and tenant_id = :tenant
                  """)
              .bind("id", deliveryId)
              .bind("tenant", tenantId)
              .mapTo(UUID.class)
              .findFirst();
      if (event.isEmpty()) {
        return Erased.UNKNOWN;
      }
      if (!erase(handle, tenantId, event.get())) {
        return Erased.NOT_FINAL;
      }
      Audit.note(handle, tenantId, "delivery.payload_erased", deliveryId);
      return Erased.DONE;
    });
  }

  /**
   * Erases all events about a resource that are in the log, whether they had deliveries or not.
   *
   * @param resourceType null for any
   */
  public Resource eraseResource(UUID tenantId, @Nullable String resourceType, String resourceId) {
    long erased = 0;
    long waiting = waitingInOutbox(tenantId, resourceType, resourceId);
    for (UUID day : days(tenantId)) {
      for (UUID event : events(tenantId, resourceType, resourceId, day)) {
        if (jdbi.inTransaction(handle -> erase(handle, tenantId, event))) {
          erased++;
        } else {
          waiting++;
        }
      }
    }
    return new Resource(erased, waiting);
  }

  /**
   * False, and nothing erased, while a delivery needs the event. The lock keeps others from making
   * one meanwhile.
   */
  private static boolean erase(Handle handle, UUID tenantId, UUID eventId) {
    Optional<String> resource =
        handle
            .createQuery(
                "select resource_id from event_log where id = :event and tenant_id = :tenant for"
                    + " update")
            .bind("event", eventId)
            .bind("tenant", tenantId)
            .mapTo(String.class)
            .findOne();
    boolean needed =
        handle
            .createQuery(
                "select exists (select from delivery where tenant_id = :tenant and event_id ="
                    + " :event)")
            .bind("event", eventId)
            .bind("tenant", tenantId)
            .mapTo(boolean.class)
            .one();
    if (needed) {
      return false;
    }
    handle
        .createUpdate(
            """
            update event_log set data = '{}', erased_at = now()
            where id = :event and tenant_id = :tenant and erased_at is null
            """)
        .bind("event", eventId)
        .bind("tenant", tenantId)
        .execute();
    resource.ifPresent(id -> eraseAnswers(handle, tenantId, eventId, id));
    return true;
  }

  /** An answer may repeat what it was sent. */
  private static void eraseAnswers(Handle handle, UUID tenantId, UUID eventId, String resourceId) {
    handle
        .createUpdate(
            """
            update delivery_log t set history = (
              select json_agg(json_build_object('attempt', seen->'attempt', 'at', seen->'at',
                'duration_ms', seen->'duration_ms', 'http_status', seen->'http_status', 'error', seen->'error',
                'response', null) order by number)
              from json_array_elements(history) with ordinality h(seen, number))
            where tenant_id = :tenant and %s
              and status in ('delivered', 'failed') and event_id = :event and history is not null
            """
                .formatted(DeliverySource.OF_RESOURCE))
        .bind("resource", resourceId)
        .bind("event", eventId)
        .bind("tenant", tenantId)
        .execute();
  }

  private long waitingInOutbox(UUID tenantId, @Nullable String resourceType, String resourceId) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select count(*) from outbox where tenant_id = :tenant and resource_id = :resource
                  and (:type::text is null or coalesce(resource_type, split_part(event, '.', 1)) = :type)
                """)
            .bind("tenant", tenantId)
            .bind("type", resourceType)
            .bind("resource", resourceId)
            .mapTo(long.class)
            .one());
  }

  /** The first event of each day that has any; a day is what one statement reads at most. */
  private List<UUID> days(UUID tenantId) {
    List<UUID> days = new ArrayList<>();
    Optional<UUID> first = Optional.of(Ids.FIRST);
    while (first.isPresent()) {
      UUID from = first.get();
      first =
          jdbi.withHandle(handle ->
              handle
                  .createQuery(
                      """
                      select id from event_log where tenant_id = :tenant and id >= :from order by id limit 1
                      """)
                  .bind("tenant", tenantId)
                  .bind("from", from)
                  .mapTo(UUID.class)
                  .findOne());
      if (first.isPresent()) {
        days.add(first.get());
        first = Optional.of(Ids.after(first.get(), DAY));
      }
    }
    return days;
  }

  private List<UUID> events(
      UUID tenantId, @Nullable String resourceType, String resourceId, UUID day) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select id from event_log
                where tenant_id = :tenant and id >= :from and id < :to and erased_at is null
                  and resource_id = :resource and (:type::text is null or resource_type = :type)
                """)
            .bind("tenant", tenantId)
            .bind("from", day)
            .bind("to", Ids.after(day, DAY))
            .bind("resource", resourceId)
            .bind("type", resourceType)
            .mapTo(UUID.class)
            .list());
  }
}
