package io.outboxworker.delivery;

import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** Notes what somebody did with a delivery where no change of configuration would tell of it. */
final class Audit {
  private Audit() {}

  /** In the caller's transaction, so that what was done and its note are one. */
  static void note(Handle handle, UUID tenantId, String action, UUID deliveryId) {
    handle
        .createQuery("select audit(:tenant, :action, :subject, null::json)::text")
        .bind("tenant", tenantId)
        .bind("action", action)
        .bind("subject", deliveryId.toString())
        .mapTo(String.class)
        .one();
  }
}
