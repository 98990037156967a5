package io.outboxworker.delivery;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.delivery.Result.Attempted;
import io.outboxworker.delivery.Result.GivenBack;
import io.outboxworker.delivery.Result.Sorted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Writes a batch of results in one transaction: what is final moves to the log, what is retried
 * gets its timer. Every row is guarded by the token of its claim. Thread-safe.
 */
final class Recording {
  /** Which results found their rows, and which subscriptions were disabled on the way. */
  record Recorded(Set<UUID> deliveries, List<UUID> disabledSubscriptions) {}

  /**
   * Where the rows of the results are. A plan that was made while the table was nearly empty would
   * join batch and table by a loop over both. So each row is looked up for itself, and the range
   * with its order leaves nothing for that but the index of the key.
   */
  private static final String HELD =
      """
      held as materialized (
        select r.*, row.place from result r cross join lateral (
          select d.ctid as place from delivery d
          where d.id between r.id and r.id and d.lease_token = r.token order by d.id limit 1) row)\
      """;

  private final Jdbi jdbi;
  private final EndpointHealth health;

  /** So that workers don't wait for each other's commits. */
  private final String worker = UUID.randomUUID().toString();

  /**
   * @param disableAfter how long a subscription may fail without a success
   */
  Recording(Jdbi jdbi, DatabaseClock clock, Duration disableAfter) {
    this.jdbi = jdbi;
    this.health = new EndpointHealth(clock, disableAfter);
  }

  /**
   * Writes the batch.
   *
   * @param withTexts false leaves out the errors and answers of endpoints
   * @param inDoubt whether an earlier try may have been committed without our knowing: then a
   *     result that is there already counts as recorded now
   */
  Recorded record(List<Result> batch, boolean withTexts, boolean inDoubt) {
    Sorted all = Sorted.of(batch);
    return jdbi.inTransaction(handle -> {
      Set<UUID> found = write(handle, all, withTexts);
      List<Result> missed =
          batch.stream().filter(result -> !found.contains(result.claim().id())).toList();
      if (!missed.isEmpty()) {
        // A row that somebody changed while it was looked up lies at another place now.
        found.addAll(write(handle, Sorted.of(missed), withTexts));
      }
      if (inDoubt) {
        found.addAll(recordedBefore(handle, all.finished(), withTexts));
        found.addAll(recordedBefore(handle, all.retried(), withTexts));
        all.givenBack().forEach(result -> found.add(result.claim().id()));
      }
      return new Recorded(found, health.note(handle, all.finished(), all.retried()));
    });
  }

  private Set<UUID> write(Handle handle, Sorted results, boolean withTexts) {
    Set<UUID> found = new HashSet<>();
    finish(handle, results.finished(), withTexts, found);
    retry(handle, results.retried(), withTexts, found);
    giveBack(handle, results.givenBack(), found);
    return found;
  }

  private static void finish(
      Handle handle, List<Attempted> results, boolean withTexts, Set<UUID> found) {
    if (results.isEmpty()) {
      return;
    }
    handle
        .createQuery(
            """
            with result as (
              select * from unnest(:ids, :tokens, :events, :urls, :statuses, :attempts, :http_statuses, :durations,
                :errors, :histories)
                r(id, token, event, url, status, attempts, http_status, duration_ms, last_error, history)),
            %s,
            final as (
              delete from delivery d using held r where d.ctid = r.place and d.lease_token = r.token
              returning d.id, d.event_id, d.subscription_id, d.tenant_id, d.resource_id, d.replay_of, d.created_at,
                r.event, r.url, r.status, r.attempts, r.http_status, r.duration_ms, r.last_error, r.history)
            insert into delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status,
              attempts, http_status, duration_ms, last_error, history, replay_of, created_at)
            select id, event_id, subscription_id, tenant_id, event, resource_id, url, status,
              attempts, http_status, duration_ms, last_error, history::json, replay_of, created_at
            from final returning id
            """
                .formatted(HELD))
        .bindArray("ids", UUID.class, column(results, r -> r.claim().id()))
        .bindArray("tokens", Long.class, column(results, r -> r.claim().token()))
        .bindArray("events", String.class, column(results, r -> r.claim().message().event()))
        .bindArray("urls", String.class, column(results, r -> r.subscription().url()))
        .bindArray("statuses", String.class, column(results, Recording::status))
        .bindArray("attempts", Integer.class, column(results, r -> r.claim().attempt()))
        .bindArray("http_statuses", Integer.class, column(results, r -> r.outcome().status()))
        .bindArray("durations", Integer.class, column(results, Recording::durationMillis))
        .bindArray("errors", String.class, column(results, r -> error(r, withTexts)))
        .bindArray("histories", String.class, column(results, r -> r.history(withTexts)))
        .mapTo(UUID.class)
        .forEach(found::add);
  }

  /**
   * All retries of a moment share a timer, also with those of batches before: it says when to look,
   * and not for what. Where the moment is about to come the timer before may have gone off already,
   * so there it gets one of its own.
   */
  private void retry(Handle handle, List<Attempted> results, boolean withTexts, Set<UUID> found) {
    if (results.isEmpty()) {
      return;
    }
    handle
        .createQuery(
            """
            with result as (
              select * from unnest(:ids, :tokens, :delays_ms, :histories) r(id, token, delay_ms, history)),
            %s,
            again as (
              update delivery d set attempts = d.attempts + 1, lease_token = null, history = r.history::json, on_trial = false,
                next_attempt_at = clock_timestamp() + r.delay_ms * interval '1 ms',
                lease_until = clock_timestamp() + (r.delay_ms + :lease_ms) * interval '1 ms'
              from held r where d.ctid = r.place and d.lease_token = r.token
              returning d.id, d.next_attempt_at),
            timers as (
              insert into scheduled_tasks (task_name, task_instance, execution_time, picked, version)
              select 'retry', concat_ws(':', cast(:worker as text), (extract(epoch from at) * 1000)::bigint,
                  case when at < clock_timestamp() + interval '500 ms' then gen_random_uuid() end), at, false, 1
              from (select distinct date_bin('25 ms', next_attempt_at, 'epoch') + interval '25 ms' as at from again) moment
              on conflict do nothing)
            select id from again
            """
                .formatted(HELD))
        .bindArray("ids", UUID.class, column(results, r -> r.claim().id()))
        .bindArray("tokens", Long.class, column(results, r -> r.claim().token()))
        .bindArray("delays_ms", Long.class, column(results, Recording::remainingDelayMillis))
        .bind("lease_ms", DueRetries.LEASE.toMillis())
        .bind("worker", worker)
        .bindArray("histories", String.class, column(results, r -> r.history(withTexts)))
        .mapTo(UUID.class)
        .forEach(found::add);
  }

  private static void giveBack(Handle handle, List<GivenBack> results, Set<UUID> found) {
    if (results.isEmpty()) {
      return;
    }
    handle
        .createQuery(
            """
            with result as (select * from unnest(:ids, :tokens) r(id, token)),
            %s
            update delivery d set lease_until = null, lease_token = null, claims = d.claims - 1, on_trial = false
            from held r where d.ctid = r.place and d.lease_token = r.token
            returning d.id
            """
                .formatted(HELD))
        .bindArray("ids", UUID.class, column(results, r -> r.claim().id()))
        .bindArray("tokens", Long.class, column(results, r -> r.claim().token()))
        .mapTo(UUID.class)
        .forEach(found::add);
  }

  /**
   * Those whose history says what only this very attempt can have seen: in the log, or in the row
   * of a delivery that went on to its next attempts.
   */
  private static List<UUID> recordedBefore(
      Handle handle, List<Attempted> results, boolean withTexts) {
    if (results.isEmpty()) {
      return List.of();
    }
    return handle
        .createQuery(
            """
            select r.id from unnest(:ids, :histories) r(id, history)
            where exists (select from delivery_log l
                where l.id = r.id and starts_with(l.history::text, rtrim(r.history, ']')))
              or exists (select from delivery d
                where d.id = r.id and starts_with(d.history::text, rtrim(r.history, ']')))
            """)
        .bindArray("ids", UUID.class, column(results, r -> r.claim().id()))
        .bindArray("histories", String.class, column(results, r -> r.history(withTexts)))
        .mapTo(UUID.class)
        .list();
  }

  private static String status(Attempted result) {
    return result.verdict() instanceof Verdict.Delivered ? "delivered" : "failed";
  }

  private static int durationMillis(Attempted result) {
    return (int) Math.min(Integer.MAX_VALUE, result.outcome().took().toMillis());
  }

  private static @Nullable String error(Attempted result, boolean withTexts) {
    String error = result.error();
    return error == null || withTexts ? error : "the error's text could not be stored";
  }

  /**
   * The delay counts from the end of the attempt, not from this record; rounded up, never early.
   */
  private static long remainingDelayMillis(Attempted result) {
    Verdict.RetryIn again = (Verdict.RetryIn) result.verdict();
    return (result.leftOf(again.delay()).toNanos() + 999_999) / 1_000_000;
  }

  private static <R extends Result, T extends @Nullable Object> List<T> column(
      List<R> results, Function<R, T> value) {
    List<T> column = new ArrayList<>(results.size());
    for (R result : results) {
      column.add(value.apply(result));
    }
    return column;
  }
}
