package io.outboxworker.upkeep;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** What the tables know of one tenant's event: who may want it, whether it came, how it ended. */
final class Trail {
  record Candidate(
      UUID id,
      String url,
      String event,
      boolean active,
      @Nullable String disabledReason,
      boolean matches,
      boolean matchesInOtherCase,
      Instant createdAt) {}

  record Latest(String event, Instant occurredAt) {}

  private final Jdbi jdbi;

  Trail(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  List<Candidate> candidates(UUID tenantId, String event) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select id, url, event, active, disabled_reason, created_at,
                  event = any(patterns_matching(:event)) as matches,
                  lower(event) = any(patterns_matching(:lower)) as matches_in_other_case
                from subscription where tenant_id = :tenant and deleted_at is null order by id
                """)
            .bind("tenant", tenantId)
            .bind("event", event)
            .bind("lower", event.toLowerCase(Locale.ROOT))
            .map((row, context) ->
                new Candidate(
                    row.getObject("id", UUID.class),
                    row.getString("url"),
                    row.getString("event"),
                    row.getBoolean("active"),
                    row.getString("disabled_reason"),
                    row.getBoolean("matches"),
                    row.getBoolean("matches_in_other_case"),
                    row.getTimestamp("created_at").toInstant()))
            .list());
  }

  List<Latest> recent(UUID tenantId, String event) {
    return jdbi.inTransaction(handle -> {
      handle.execute("set local statement_timeout = '5s'");
      return handle
          .createQuery(
              """
              select distinct on (event) event, occurred_at from event_log
              where id >= uuid_v7_at(now() - interval '1 day') and tenant_id = :tenant
                and lower(event) = lower(:event)
              order by event, id desc
              """)
          .bind("tenant", tenantId)
          .bind("event", event)
          .map((row, context) ->
              new Latest(row.getString("event"), row.getTimestamp("occurred_at").toInstant()))
          .list();
    });
  }

  long inOutbox(UUID tenantId, String event) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery("select count(*) from outbox where tenant_id = :tenant and event = :event")
            .bind("tenant", tenantId)
            .bind("event", event)
            .mapTo(long.class)
            .one());
  }

  long waiting(UUID subscriptionId) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery("select count(*) from delivery where subscription_id = :id")
            .bind("id", subscriptionId)
            .mapTo(long.class)
            .one());
  }

  @Nullable String lastDelivery(UUID tenantId, String event, UUID subscriptionId) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select status || ' at ' || date_trunc('second', finished_at) || coalesce(': ' || last_error, '')
                from delivery_log
                where tenant_id = :tenant and id >= uuid_v7_at(now() - interval '7 days')
                  and subscription_id = :id and event = :event
                order by id desc limit 1
                """)
            .bind("tenant", tenantId)
            .bind("id", subscriptionId)
            .bind("event", event)
            .mapTo(String.class)
            .findOne()
            .orElse(null));
  }
}
