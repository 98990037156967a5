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
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * db-scheduler as the durable timer of attempts 2, 3, 4: it says that retries fell due, and their
 * lanes make the attempts. It never waits for HTTP. Its instances are moments, and not deliveries:
 * each costs db-scheduler three commits, which is too much for each of ten thousand.
 */
final class RetryTimer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RetryTimer.class);
  private static final int THREADS = 4;

  /** Only if the alarm should fail: it tells when there is something to find. */
  private static final Duration POLL = Duration.ofSeconds(2);

  private static final Duration HEARTBEAT = Duration.ofSeconds(5);
  private static final int MISSED_HEARTBEATS = 4;
  private static final Duration STOP_LIMIT = Duration.ofSeconds(3);

  private final DueRetries retries;
  private final Lanes lanes;
  private final Lock taking = new ReentrantLock();
  private final Scheduler scheduler;
  private final Alarm alarm;

  RetryTimer(
      DataSource pool, DatabaseClock clock, DueRetries retries, Lanes lanes, Metrics metrics) {
    this.retries = retries;
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
    this.alarm = new Alarm(pool, clock, scheduler::triggerCheckForDueExecutions);
  }

  void start() {
    scheduler.start();
    alarm.start();
  }

  /** A retry was committed that is due after this. */
  void set(Duration delay) {
    alarm.set(delay);
  }

  @Override
  public void close() {
    alarm.close();
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
          fallDue(context.getExecution().getExecutionTime());
          return new OnCompleteRemove<>();
        });
  }

  /** One at a time: the first takes what all of them are about. */
  private void fallDue(Instant due) {
    taking.lock();
    try {
      DueRetries.Taken taken;
      do {
        taken = retries.take(due, lanes.roomsForRetries());
        if (!taken.claims().isEmpty()) {
          lanes.offer(taken.claims());
        }
        if (!taken.parked().isEmpty()) {
          lanes.noteParked(taken.parked());
        }
      } while (taken.more());
    } finally {
      taking.unlock();
    }
  }

  /** The time says it all, so that no class is ever made from what lies in the table. */
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
