package io.outboxworker.subscription;

import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** The keys by which anybody can verify what a tenant's subscriptions are sent. Thread-safe. */
public final class PublicKeys {
  /** An Ed25519 key and the subscription whose webhooks it verifies. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record PublicKey(UUID subscriptionId, byte[] key) {}

  /** A page that needs no token must not be a way to ask for much. */
  private static final int MOST = 10_000;

  private final Jdbi jdbi;

  public PublicKeys(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Newest subscription first, and of each the key of today before the one of a running overlap.
   */
  public List<PublicKey> of(UUID tenantId) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select s.id, k.key from subscription s, unnest(array[s.public_key,
                    case when s.previous_secret_until > now() then s.previous_public_key end])
                  with ordinality k(key, n)
                where s.tenant_id = :tenant and s.public_key is not null and k.key is not null
                order by s.id desc, k.n limit :most
                """)
            .bind("tenant", tenantId)
            .bind("most", MOST)
            .map((row, context) ->
                new PublicKey(row.getObject("id", UUID.class), row.getBytes("key")))
            .list());
  }
}
