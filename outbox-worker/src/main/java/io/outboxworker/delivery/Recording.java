package io.outboxworker.delivery;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.delivery.Result.Attempted;
import io.outboxworker.delivery.Result.GivenBack;
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
   * Writes the batch. An empty one writes nothing, and asks whether any could be written.
   *
   * @param withTexts false leaves out the errors and answers of endpoints, and what is in the log
   *     already, as after tables were restored in part, is left as it is
   * @param inDoubt whether an earlier try may have been committed without our knowing: then a
   *     result that is there already counts as recorded now
   */
  Recorded record(List<Result> batch, boolean withTexts, boolean inDoubt) {
    List<Attempted> finished = new ArrayList<>();
    List<Attempted> retried = new ArrayList<>();
    List<GivenBack> givenBack = new ArrayList<>();
    for (Result result : batch) {
      switch (result) {
        case GivenBack unused -> givenBack.add(unused);
        case Attempted attempted ->
            (attempted.verdict() instanceof Verdict.RetryIn ? retried : finished).add(attempted);
      }
    }
    return jdbi.inTransaction(handle -> {
      Set<UUID> found = new HashSet<>();
      boolean all = batch.isEmpty();
      if (all || !finished.isEmpty()) {
        finish(handle, finished, withTexts, found);
      }
      if (all || !retried.isEmpty()) {
        retry(handle, retried, withTexts, found);
      }
      if (all || !givenBack.isEmpty()) {
        giveBack(handle, givenBack, found);
      }
      if (inDoubt) {
        found.addAll(recordedBefore(handle, finished, withTexts));
        found.addAll(recordedBefore(handle, retried, withTexts));
        givenBack.forEach(result -> found.add(result.claim().id()));
      }
      return new Recorded(found, health.note(handle, finished, retried));
    });
  }

  private static void finish(
      Handle handle, List<Attempted> results, boolean withTexts, Set<UUID> found) {
    handle
        .createQuery(
            """
            with result as (
              select * from unnest(:ids, :tokens, :events, :urls, :statuses, :attempts, :http_statuses, :durations,
                :errors, :histories)
                r(id, token, event, url, status, attempts, http_status, duration_ms, last_error, history)),
            final as (
              delete from delivery d using result r where d.id = r.id and d.lease_token = r.token
              returning d.event_id, d.subscription_id, d.tenant_id, d.resource_id, d.replay_of, d.created_at, r.*)
            insert into delivery_log (id, event_id, subscription_id, tenant_id, event, resource_id, url, status,
              attempts, http_status, duration_ms, last_error, history, replay_of, created_at)
            select id, event_id, subscription_id, tenant_id, event, resource_id, url, status,
              attempts, http_status, duration_ms, last_error, history::json, replay_of, created_at
            from final %s returning id
            """
                .formatted(withTexts ? "" : "on conflict do nothing"))
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
    handle
        .createQuery(
            """
            with result as (
              select * from unnest(:ids, :tokens, :delays_ms, :histories) r(id, token, delay_ms, history)),
            again as (
              update delivery d set attempts = d.attempts + 1, lease_token = null, history = r.history::json, on_trial = false,
                next_attempt_at = clock_timestamp() + r.delay_ms * interval '1 ms',
                lease_until = clock_timestamp() + (r.delay_ms + :lease_ms) * interval '1 ms'
              from result r where d.id = r.id and d.lease_token = r.token
              returning d.id, d.next_attempt_at),
            timers as (
              insert into scheduled_tasks (task_name, task_instance, execution_time, picked, version)
              select 'retry', concat_ws(':', cast(:worker as text), (extract(epoch from at) * 1000)::bigint,
                  case when at < clock_timestamp() + interval '500 ms' then gen_random_uuid() end), at, false, 1
              from (select distinct date_bin('25 ms', next_attempt_at, 'epoch') + interval '25 ms' as at from again) moment
              on conflict do nothing)
            select id from again
            """)
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
    handle
        .createQuery(
            """
            update delivery d set lease_until = null, lease_token = null, claims = d.claims - 1, on_trial = false
            from unnest(:ids, :tokens) r(id, token) where d.id = r.id and d.lease_token = r.token
            returning d.id
            """)
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
