package io.outboxworker.delivery;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.event.AbstractSchedulerListener;
import com.github.kagkarlsson.scheduler.jdbc.PostgreSqlJdbcCustomization;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.serializer.Serializer;
import com.github.kagkarlsson.scheduler.task.CompletionHandler.OnCompleteRemove;
import com.github.kagkarlsson.scheduler.task.TaskDescriptor;
import com.github.kagkarlsson.scheduler.task.helper.CustomTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import io.outboxworker.database.DatabaseClock;
import io.outboxworker.metrics.Metrics;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * db-scheduler as the durable timer of attempts 2, 3, 4: it says that a retry fell due, and the
 * lane makes the attempt. It never waits for HTTP. Its instances are {@code <delivery id>:<attempts
 * made>}; a plain delivery id would collide with its predecessor, whose row is removed in a commit
 * of its own.
 */
final class RetryTimer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RetryTimer.class);
  private static final int THREADS = 20;
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);
  private static final int MISSED_HEARTBEATS = 4;
  private static final Duration STOP_LIMIT = Duration.ofSeconds(3);

  private final Deliveries deliveries;
  private final Lanes lanes;
  private final Scheduler scheduler;

  RetryTimer(
      DataSource pool, DatabaseClock clock, Deliveries deliveries, Lanes lanes, Metrics metrics) {
    this.deliveries = deliveries;
    this.lanes = lanes;
    this.scheduler =
        Scheduler.create(pool, retry())
            .threads(THREADS)
            .pollUsingLockAndFetch(0.5, 1.0)
            .pollingInterval(POLL)
            .heartbeatInterval(HEARTBEAT)
            .missedHeartbeatsLimit(MISSED_HEARTBEATS)
            .shutdownMaxWait(STOP_LIMIT)
            .schedulerName(new SchedulerName.Fixed("outbox-worker-" + UUID.randomUUID()))
            .serializer(new NoData())
            .clock(clock::now)
            .jdbcCustomization(new PostgreSqlJdbcCustomization(false, true))
            .failureLogging(LogLevel.DEBUG, false)
            .addSchedulerListener(new Counting(metrics))
            .build();
  }

  void start() {
    scheduler.start();
  }

  @Override
  public void close() {
    if (!scheduler.getSchedulerState().isShuttingDown()) {
      scheduler.stop();
    }
  }

  private CustomTask<Void> retry() {
    return Tasks.custom(TaskDescriptor.of("retry"))
        .onFailure((complete, operations) ->
            operations.reschedule(complete, complete.getTimeDone().plusSeconds(1)))
        .onDeadExecutionRevive()
        .execute((instance, context) -> {
          fallDue(instance.getId());
          return new OnCompleteRemove<>();
        });
  }

  private void fallDue(String instance) {
    int colon = instance.indexOf(':');
    UUID id = UUID.fromString(instance.substring(0, colon));
    int attempts = Integer.parseInt(instance.substring(colon + 1));
    deliveries
        .takeDue(id, attempts, lanes.fullForRetries())
        .ifPresent(claim -> lanes.offer(List.of(claim)));
  }

  /** The instance says it all, so that no class is ever made from what lies in the table. */
  private static final class NoData implements Serializer {
    @Override
    public byte[] serialize(Object data) {
      return new byte[0];
    }

    @Override
    public <T> T deserialize(Class<T> type, byte[] bytes) {
      throw new IllegalStateException("tasks of this table carry no data");
    }
  }

  private static final class Counting extends AbstractSchedulerListener {
    private final Metrics metrics;

    Counting(Metrics metrics) {
      this.metrics = metrics;
      metrics.retryTimerTells(
          Arrays.stream(SchedulerEventType.values()).map(Counting::label).toList());
    }

    private static String label(SchedulerEventType type) {
      return type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public void onSchedulerEvent(SchedulerEventType type) {
      metrics.retryTimer(label(type));
      if (type == SchedulerEventType.UNEXPECTED_ERROR) {
        log.warn("db-scheduler could not poll, it goes on");
      }
    }
  }
}
