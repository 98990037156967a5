package io.outboxworker.outbox;

import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Inserts events for producers that are not in the database themselves. Thread-safe. */
public final class Publisher {
  private final Jdbi jdbi;

  public Publisher(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Publishes one event and returns its id; it is committed when this returns.
   *
   * @param resourceType null takes the event's name up to its first dot
   * @param data the text of a JSON object, which leaves as it came
   * @throws InvalidEvent with what PostgreSQL found wrong
   */
  public UUID publish(
      UUID tenantId, String event, @Nullable String resourceType, String resourceId, String data) {
    try {
      return jdbi.withHandle(handle ->
          handle
              .createQuery("select publish(:tenant, :event, :resource_id, :data::text, :type)")
              .bind("tenant", tenantId)
              .bind("event", event)
              .bind("resource_id", resourceId)
              .bind("data", data)
              .bind("type", resourceType)
              .mapTo(UUID.class)
              .one());
    } catch (UnableToExecuteStatementException e) {
      if (e.getCause() instanceof PSQLException refused && isOfData(refused)) {
        throw new InvalidEvent(reason(refused));
      }
      throw e;
    }
  }

  private static boolean isOfData(PSQLException refused) {
    String state = refused.getSQLState();
    return state != null && (state.startsWith("22") || state.startsWith("23"));
  }

  private static String reason(PSQLException refused) {
    ServerErrorMessage server = refused.getServerErrorMessage();
    if (server == null) {
      return String.valueOf(refused.getMessage());
    }
    String constraint = server.getConstraint();
    return constraint == null ? String.valueOf(server.getMessage()) : constraint.replace('_', ' ');
  }
}
