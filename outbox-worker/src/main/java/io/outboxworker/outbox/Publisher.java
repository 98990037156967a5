package io.outboxworker.outbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Inserts events for producers that are not in the database themselves. Thread-safe. */
public final class Publisher {
  /** What came of publishing with a key. */
  public sealed interface Published {
    /** The event is committed, by this call or by an earlier one with the same key and body. */
    record Event(UUID id) implements Published {}

    /** The key belongs to an event that says something else. */
    record KeyTaken() implements Published {}
  }

  /** How long a key is remembered. */
  private static final Duration KEY_LIFE = Duration.ofHours(24);

  private static final Duration FORGET_EVERY = Duration.ofMinutes(10);
  private static final int FORGET_BATCH = 5_000;

  private final Jdbi jdbi;

  public Publisher(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Publishes one event and returns its id; it is committed when this returns.
   *
   * @throws InvalidEvent with what PostgreSQL found wrong
   */
  public UUID publish(NewEvent event) {
    try {
      return jdbi.withHandle(handle -> insert(handle, event));
    } catch (UnableToExecuteStatementException e) {
      throw refused(e);
    }
  }

  /**
   * Publishes one event, unless the tenant did so with the same key in the last 24 hours; then its
   * id is that of the first time. Of several calls at once with one key the later ones wait.
   *
   * @param key empty for none
   * @throws InvalidEvent with what PostgreSQL found wrong
   */
  public Published publish(NewEvent event, String key) {
    if (key.isEmpty()) {
      return new Published.Event(publish(event));
    }
    try {
      return jdbi.inTransaction(handle -> once(handle, event, key));
    } catch (UnableToExecuteStatementException e) {
      throw refused(e);
    }
  }

  /** Deletes keys that are too old to count, and returns how long to wait before the next time. */
  public Duration forgetOldKeys() {
    int forgotten =
        jdbi.withHandle(handle ->
            handle
                .createUpdate(
                    """
                    delete from idempotency_key where (tenant_id, key) in (
                      select tenant_id, key from idempotency_key
                      where created_at < now() - :life_ms * interval '1 ms'
                      order by created_at limit :batch for update skip locked)
                    """)
                .bind("life_ms", KEY_LIFE.toMillis())
                .bind("batch", FORGET_BATCH)
                .execute());
    return forgotten < FORGET_BATCH ? FORGET_EVERY : Duration.ZERO;
  }

  /** The row of the key is the lock; the event's id comes into it when the event is inserted. */
  private static Published once(Handle handle, NewEvent event, String key) {
    byte[] hash = hash(event);
    UUID id = handle.createQuery("select uuid_v7()").mapTo(UUID.class).one();
    boolean first =
        handle
                .createUpdate(
                    """
                    insert into idempotency_key (tenant_id, key, body_hash, event_id)
                    values (:tenant, :key, :hash, :event)
                    on conflict (tenant_id, key) do update
                      set body_hash = excluded.body_hash, event_id = excluded.event_id, created_at = now()
                      where idempotency_key.created_at < now() - :life_ms * interval '1 ms'
                    """)
                .bind("tenant", event.tenantId())
                .bind("key", key)
                .bind("hash", hash)
                .bind("event", id)
                .bind("life_ms", KEY_LIFE.toMillis())
                .execute()
            == 1;
    if (first) {
      insert(handle, event, id);
      return new Published.Event(id);
    }
    return handle
        .createQuery(
            """
            select event_id, body_hash = :hash as same from idempotency_key
            where tenant_id = :tenant and key = :key
            """)
        .bind("tenant", event.tenantId())
        .bind("key", key)
        .bind("hash", hash)
        .map((row, context) ->
            row.getBoolean("same")
                ? new Published.Event(row.getObject("event_id", UUID.class))
                : new Published.KeyTaken())
        .one();
  }

  private static UUID insert(Handle handle, NewEvent event) {
    return handle
        .createQuery("select publish(:tenant, :event, :resource_id, :data::text, :type)")
        .bind("tenant", event.tenantId())
        .bind("event", event.event())
        .bind("resource_id", event.resourceId())
        .bind("data", event.data())
        .bind("type", event.resourceType())
        .mapTo(UUID.class)
        .one();
  }

  private static void insert(Handle handle, NewEvent event, UUID id) {
    handle
        .createUpdate(
            """
            insert into outbox (id, tenant_id, event, resource_id, data, resource_type)
            values (:id, :tenant, :event, :resource_id, cast(:data as json), :type)
            """)
        .bind("id", id)
        .bind("tenant", event.tenantId())
        .bind("event", event.event())
        .bind("resource_id", event.resourceId())
        .bind("data", event.data())
        .bind("type", event.resourceType())
        .execute();
  }

  /**
   * Over everything that the event says, each part with its length so that none runs into another.
   */
  private static byte[] hash(NewEvent event) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (@Nullable String part :
          new @Nullable String[] {
            event.event(), event.resourceType(), event.resourceId(), event.data()
          }) {
        digest.update(
            part == null ? new byte[] {'-'} : (part.length() + ":" + part).getBytes(UTF_8));
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static RuntimeException refused(UnableToExecuteStatementException e) {
    return e.getCause() instanceof PSQLException refused && isOfData(refused)
        ? new InvalidEvent(reason(refused))
        : e;
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
