package io.outboxworker.subscription;

import java.nio.ByteBuffer;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/**
 * Seals the stored secrets anew with the newest key of the ring, while deliveries go on: the
 * secrets stay the same, and so does every signature. Thread-safe.
 */
public final class KeyRotation {
  /**
   * What a batch did.
   *
   * @param sealed subscriptions whose secrets the newest key seals from now on
   * @param unopened subscriptions that were left, because no key of the ring opens their secrets
   * @param next where the next batch begins; null after the last one
   */
  public record Batch(int sealed, List<UUID> unopened, @Nullable UUID next) {}

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Sealed(
      UUID id, UUID tenantId, byte @Nullable [] secret, byte @Nullable [] previousSecret) {
    static Sealed of(ResultSet row) throws SQLException {
      return new Sealed(
          row.getObject("id", UUID.class),
          row.getObject("tenant_id", UUID.class),
          row.getBytes("secret"),
          row.getBytes("previous_secret"));
    }
  }

  private static final UUID FIRST = new UUID(0, 0);

  private final Jdbi jdbi;
  private final KeyRing keys;

  public KeyRotation(Jdbi jdbi, KeyRing keys) {
    this.jdbi = jdbi;
    this.keys = keys;
  }

  /**
   * Seals up to {@code limit} subscriptions' secrets in one transaction. What was sealed before
   * stays so, and the rest is found again by the next run.
   *
   * @param from the {@code next} of the batch before, null for the first
   */
  public Batch step(@Nullable UUID from, int limit) {
    return jdbi.inTransaction(handle -> {
      List<Sealed> found = find(handle, from == null ? FIRST : from, limit);
      List<Sealed> again = new ArrayList<>();
      List<UUID> unopened = new ArrayList<>();
      for (Sealed row : found) {
        try {
          again.add(seal(row));
        } catch (KeyRing.SecretNotOpened e) {
          unopened.add(row.id);
        }
      }
      store(handle, again);
      boolean more = found.size() == limit;
      return new Batch(again.size(), unopened, more ? found.get(found.size() - 1).id : null);
    });
  }

  private List<Sealed> find(Handle handle, UUID from, int limit) {
    return handle
        .createQuery(
            """
            select id, tenant_id, secret, previous_secret from subscription
            where id > :from and (substring(secret from 2 for 2) <> :newest
              or substring(previous_secret from 2 for 2) <> :newest)
            order by id limit :limit for update
            """)
        .bind("from", from)
        .bind("newest", newestKey())
        .bind("limit", limit)
        .map((row, context) -> Sealed.of(row))
        .list();
  }

  private Sealed seal(Sealed row) {
    return new Sealed(row.id, row.tenantId, seal(row, row.secret), seal(row, row.previousSecret));
  }

  private byte @Nullable [] seal(Sealed row, byte @Nullable [] sealed) {
    return sealed == null
        ? null
        : keys.seal(row.tenantId, row.id, keys.open(row.tenantId, row.id, sealed));
  }

  /** Not a change that its owner made: updated_at stays. */
  private static void store(Handle handle, List<Sealed> rows) {
    if (rows.isEmpty()) {
      return;
    }
    PreparedBatch batch =
        handle.prepareBatch(
            """
            update subscription set secret = :secret, previous_secret = :previous
            where id = :id and tenant_id = :tenant
            """);
    for (Sealed row : rows) {
      batch
          .bind("secret", row.secret)
          .bind("previous", row.previousSecret)
          .bind("id", row.id)
          .bind("tenant", row.tenantId)
          .add();
    }
    batch.execute();
  }

  /** How a sealed secret names its key, behind the byte of its form. */
  private byte[] newestKey() {
    List<Integer> ids = keys.ids();
    return ByteBuffer.allocate(Short.BYTES).putShort((short) (int) ids.get(ids.size() - 1)).array();
  }
}
