package io.outboxworker.subscription;

import io.outboxworker.webhook.Signer;
import java.time.Duration;
import org.jdbi.v3.core.Handle;

/** Puts a new secret in the place of the old one, which signs as well until its overlap ends. */
final class SecretRotation {
  private final KeyRing keys;

  SecretRotation(KeyRing keys) {
    this.keys = keys;
  }

  /**
   * @param overlap how long the old secret goes on; none ends it at once
   */
  void store(Handle handle, Subscription subscription, Signer secret, Duration overlap) {
    handle
        .createUpdate(
            """
            update subscription set secret = :secret, public_key = :public_key, updated_at = now(),
              previous_public_key = case when :overlap_ms > 0 then public_key end,
              previous_secret = case when :overlap_ms > 0 then secret end,
              previous_secret_until = case when :overlap_ms > 0 then now() + :overlap_ms * interval '1 ms' end
            where id = :id and tenant_id = :tenant and deleted_at is null
            """)
        .bind("secret", keys.seal(subscription.tenantId(), subscription.id(), secret.text()))
        .bind("public_key", NewSubscription.publicKey(secret))
        .bind("overlap_ms", overlap.toMillis())
        .bind("id", subscription.id())
        .bind("tenant", subscription.tenantId())
        .execute();
  }
}
