package io.outboxworker.delivery;

import java.time.Duration;
import org.jdbi.v3.core.Handle;

/** What is known of workers whose leases ran out, as long as it tells something about suspects. */
final class LostWorkers {
  /**
   * Shorter than any lease: a suspect's second victim, which had no suspect on trial, was found a
   * lease before its third one.
   */
  private static final Duration MOMENT = Duration.ofSeconds(12);

  /** One that only could not reach PostgreSQL still writes down what it saw. */
  static final Duration GRACE = Duration.ofSeconds(3);

  private static final Duration KEPT = Duration.ofMinutes(1);

  private LostWorkers() {}

  /**
   * Whether a worker is gone that had no suspect on trial: one whose leases ran out a moment ago,
   * or will, although the attempts that they are for must be over.
   */
  static boolean dieWithoutSuspects(Handle handle) {
    return handle
        .createQuery(
            """
            select exists (
              select from (
                select (lease_token >> 32)::int as worker from delivery
                where lease_token is not null and next_attempt_at is null
                  and lease_until > now() + interval '2 s'
                  and lease_until < now() + (:margin_ms - 2000) * interval '1 ms'
                union
                select worker from lost_worker
                where not had_suspect and found_at > now() - :moment_ms * interval '1 ms') gone
              where not exists (select from delivery s where (s.lease_token >> 32)::int = gone.worker and s.on_trial))
            """)
        .bind("margin_ms", Deliveries.LEASE_MARGIN.toMillis())
        .bind("moment_ms", MOMENT.toMillis())
        .mapTo(boolean.class)
        .one();
  }

  /** Drops those that tell nothing any more. */
  static void forget(Handle handle) {
    handle
        .createUpdate(
            """
            delete from lost_worker where worker = any(array(
              select worker from lost_worker where found_at < now() - :kept_ms * interval '1 ms'
              for update skip locked))
            """)
        .bind("kept_ms", KEPT.toMillis())
        .execute();
  }
}
