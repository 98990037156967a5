package io.outboxworker.upkeep;

import java.time.Duration;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes audit entries that are older than the retention, in small batches. */
public final class Expiry {
  private static final Logger log = LoggerFactory.getLogger(Expiry.class);
  private static final Duration EVERY = Duration.ofHours(1);
  private static final Duration NEXT_BATCH = Duration.ofSeconds(1);
  private static final int BATCH = 1_000;

  private final Jdbi jdbi;
  private final Retention retention;

  public Expiry(Jdbi jdbi, Retention retention) {
    this.jdbi = jdbi;
    this.retention = retention;
  }

  /** Deletes a batch and returns how long to wait before the next. */
  public Duration step() {
    int deleted =
        jdbi.withHandle(handle ->
            handle
                .createQuery(
                    "select purge_audit_log(now() - :retention_ms * interval '1 ms', :batch)")
                .bind("retention_ms", retention.audit().toMillis())
                .bind("batch", BATCH)
                .mapTo(int.class)
                .one());
    if (deleted > 0) {
      log.atInfo().addKeyValue("entries", deleted).log("audit entries expired");
    }
    return deleted < BATCH ? EVERY : NEXT_BATCH;
  }
}
