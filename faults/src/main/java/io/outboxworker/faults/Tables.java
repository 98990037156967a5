package io.outboxworker.faults;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * What the database holds at the end of a run.
 *
 * @param events the log of the business's events, without what workers tell about subscriptions:
 *     id, and SHA-256 of the data
 * @param finished the log of deliveries
 * @param unanswered attempts of these that ended without an answer
 * @param waitingEvents rows of the outbox
 * @param waitingDeliveries deliveries that are not final
 * @param timers retries that db-scheduler still has in mind
 */
record Tables(
    Map<UUID, String> events,
    List<Finished> finished,
    Set<Attempt> unanswered,
    long waitingEvents,
    List<UUID> waitingDeliveries,
    long timers) {
  /** A final delivery. */
  record Finished(
      UUID id, UUID event, UUID subscription, boolean delivered, int attempts, String error) {}

  /** The attempt of a delivery with this number. */
  record Attempt(UUID delivery, int number) {}

  static Tables read(Jdbi jdbi) {
    return jdbi.withHandle(handle -> {
      Map<UUID, String> events =
          handle
              .createQuery(
                  """
                  select id, encode(sha256(convert_to(data::text, 'UTF8')), 'hex') as hash
                  from webhooks.event_log where event <> 'subscription.disabled'
                  """)
              .setMapKeyColumn("id")
              .setMapValueColumn("hash")
              .collectInto(new org.jdbi.v3.core.generic.GenericType<Map<UUID, String>>() {});
      List<Finished> finished =
          handle
              .createQuery(
                  """
                  select id, event_id, subscription_id, status, attempts, coalesce(last_error, '') as error
                  from webhooks.delivery_log
                  """)
              .map((row, context) ->
                  new Finished(
                      row.getObject("id", UUID.class),
                      row.getObject("event_id", UUID.class),
                      row.getObject("subscription_id", UUID.class),
                      row.getString("status").equals("delivered"),
                      row.getInt("attempts"),
                      row.getString("error")))
              .list();
      return new Tables(
          events,
          finished,
          unanswered(handle),
          handle.createQuery("select count(*) from webhooks.outbox").mapTo(Long.class).one(),
          handle.createQuery("select id from webhooks.delivery").mapTo(UUID.class).list(),
          handle
              .createQuery(
                  "select count(*) from webhooks.scheduled_tasks where task_name = 'retry'")
              .mapTo(Long.class)
              .one());
    });
  }

  private static Set<Attempt> unanswered(Handle handle) {
    return handle
        .createQuery(
            """
            select l.id, (seen ->> 'attempt')::int as number
            from webhooks.delivery_log l, json_array_elements(l.history) seen
            where seen ->> 'http_status' is null
            """)
        .map((row, context) -> new Attempt(row.getObject("id", UUID.class), row.getInt("number")))
        .set();
  }
}
