package io.outboxworker.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.outboxworker.subscription.EventTypes;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** Which names of events there are: the known ones, and those that the tenant published lately. */
final class EventTypeRoutes implements Routes.Resource {
  /**
   * One name.
   *
   * @param sample the body of a webhook; null for names that only the tenant knows
   * @param seen whether it is among the tenant's newest events that were fanned out
   */
  record Item(
      String event,
      @Nullable String description,
      @JsonRawValue @Nullable String sample,
      boolean seen,
      @Nullable Instant lastSeenAt) {}

  private static final UUID SAMPLE_ID = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");
  private static final Instant SAMPLE_TIME = Instant.parse("2024-02-14T15:30:45.123456Z");
  private static final int NEWEST = 10_000;

  @Override
  public void addTo(Routes routes) {
    routes.get("/event-types", EventTypeRoutes::list);
  }

  private static Answer list(Call call) {
    Map<String, Instant> seen = seen(call.database().jdbi(), call.tenantId());
    List<Item> items = new ArrayList<>();
    for (var type : EventTypes.known()) {
      byte[] body =
          call.database().testPost().body(type.sample(SAMPLE_ID, call.tenantId(), SAMPLE_TIME));
      Instant last = seen.remove(type.event());
      items.add(
          new Item(
              type.event(),
              type.description(),
              new String(body, StandardCharsets.UTF_8),
              last != null,
              last));
    }
    seen.forEach((event, last) -> items.add(new Item(event, null, null, true, last)));
    return Answer.ok(new Page<>(items, null));
  }

  private static Map<String, Instant> seen(Jdbi jdbi, UUID tenantId) {
    Map<String, Instant> seen = new LinkedHashMap<>();
    jdbi.useHandle(handle ->
        handle
            .createQuery(
                """
                select event, max(occurred_at) as last_at from (
                  select event, occurred_at from event_log where tenant_id = :tenant
                  order by id desc limit :newest) newest_events
                group by event order by event
                """)
            .bind("tenant", tenantId)
            .bind("newest", NEWEST)
            .map((row, context) ->
                Map.entry(row.getString("event"), row.getTimestamp("last_at").toInstant()))
            .forEach(entry -> seen.put(entry.getKey(), entry.getValue())));
    return seen;
  }
}
