package io.outboxworker.delivery;

import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Counts what ended by minute and by half hour, in the background, so that an overview reads counts
 * and only the last half minute of the log. Each delivery is counted once: the time up to which all
 * is counted moves in the transaction that counts. Thread-safe.
 */
public final class DeliveryCounts {
  private static final Duration EVERY = Duration.ofSeconds(5);

  /** Longer than a transaction that records can last, or what commits late would not be counted. */
  private static final Duration LATE = Duration.ofSeconds(30);

  /** As much time as one step counts at most. */
  private static final Duration STEP = Duration.ofMinutes(10);

  private record Span(OffsetDateTime counted, OffsetDateTime until, boolean more) {}

  private final Jdbi jdbi;

  public DeliveryCounts(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Counts what can be counted by now and returns how long to wait before the next step. */
  public Duration step() {
    boolean more =
        jdbi.inTransaction(handle -> {
          boolean moved = count(handle);
          prune(handle);
          return moved;
        });
    return more ? Duration.ZERO : EVERY;
  }

  /** Whether there is more to count. Another worker that counts right now does it for this one. */
  private static boolean count(Handle handle) {
    Optional<Span> span =
        handle
            .createQuery(
                """
                select until as counted, least(until + :step_ms * interval '1 ms', now() - :late_ms * interval '1 ms')
                  as until, until + :step_ms * interval '1 ms' < now() - :late_ms * interval '1 ms' as more
                from delivery_counted for update skip locked
                """)
            .bind("step_ms", STEP.toMillis())
            .bind("late_ms", LATE.toMillis())
            .map((row, context) ->
                new Span(
                    row.getObject("counted", OffsetDateTime.class),
                    row.getObject("until", OffsetDateTime.class),
                    row.getBoolean("more")))
            .findOne();
    span.filter(s -> s.counted.isBefore(s.until)).ifPresent(s -> count(handle, s));
    return span.isPresent() && span.get().more;
  }

  private static void count(Handle handle, Span span) {
    handle
        .createUpdate(
            """
            with ended as materialized (
              select l.tenant_id, l.subscription_id, date_bin('1 minute', l.finished_at, timestamptz 'epoch') as minute,
                count(*) filter (where l.status = 'delivered') as delivered,
                count(*) filter (where l.status = 'failed') as failed
              from delivery_log l where l.finished_at >= :counted and l.finished_at < :until
              group by 1, 2, 3),
            added as (
              insert into delivery_count (tenant_id, span_seconds, at, subscription_id, delivered, failed)
              select tenant_id, seconds, date_bin(seconds * interval '1 s', minute, timestamptz 'epoch'),
                subscription_id, sum(delivered), sum(failed)
              from ended, unnest(array[60, 1800]) seconds
              group by 1, 2, 3, 4
              on conflict (tenant_id, span_seconds, at, subscription_id) do update
                set delivered = delivery_count.delivered + excluded.delivered,
                  failed = delivery_count.failed + excluded.failed)
            update delivery_counted set until = :until
            """)
        .bind("counted", span.counted)
        .bind("until", span.until)
        .execute();
  }

  /** What no overview shows any more. */
  private static void prune(Handle handle) {
    handle.execute(
        """
        delete from delivery_count where (span_seconds = 60 and at < now() - interval '2 hours')
          or (span_seconds = 1800 and at < now() - interval '49 hours')
        """);
  }
}
