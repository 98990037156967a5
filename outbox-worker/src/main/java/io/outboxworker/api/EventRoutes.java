package io.outboxworker.api;

import io.outboxworker.outbox.InvalidEvent;
import io.outboxworker.outbox.NewEvent;
import io.outboxworker.outbox.Publisher.Published;
import java.util.Map;
import java.util.Set;

/** Events from producers that can't reach the database. */
final class EventRoutes implements Routes.Resource {
  private static final int MAX_BODY = 320 * 1024;
  private static final int MAX_KEY = 255;

  @Override
  public void addTo(Routes routes) {
    routes.post("/events", EventRoutes::publish);
  }

  private static Answer publish(Call call) {
    Fields fields = call.body(MAX_BODY, Set.of("event", "resource_type", "resource_id", "data"));
    fields.require("event", "resource_id", "data");
    String event = fields.text("event");
    String type = fields.text("resource_type");
    String resource = fields.text("resource_id");
    String data = fields.object("data");
    NewEvent.faults(event, type, resource, data)
        .forEach((field, detail) -> fields.faults().add(field, detail));
    String key = key(call, fields);
    fields.check();
    var wanted = NewEvent.of(call.tenantId(), event, type, resource, data);
    try {
      return switch (call.database().publisher().publish(wanted, key)) {
        case Published.Event published -> new Answer(202, Map.of("id", published.id()), Map.of());
        case Published.KeyTaken taken ->
            throw Problem.of(
                Problem.Kind.CONFLICT, "this Idempotency-Key was used for another body");
      };
    } catch (InvalidEvent refused) {
      throw Problem.of(Problem.Kind.INVALID, String.valueOf(refused.getMessage()));
    }
  }

  private static String key(Call call, Fields fields) {
    String key = call.header("Idempotency-Key");
    if (key.length() > MAX_KEY || !key.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      fields
          .faults()
          .add("Idempotency-Key", "must have at most 255 characters, all of them printable ASCII");
    }
    return key;
  }
}
