package io.outboxworker.benchmarks.contestant;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.serializer.JacksonSerializer;
import com.github.kagkarlsson.scheduler.task.FailureHandler;
import com.github.kagkarlsson.scheduler.task.TaskDescriptor;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.webhook.Sender;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/** db-scheduler alone: one task per event, whose execution is the POST. */
public final class DbScheduler implements Contestant {
  /** What a task knows of its event. */
  public record Job(UUID id, long seq, String data) {}

  private static final TaskDescriptor<Job> TASK = TaskDescriptor.of("deliver", Job.class);
  private static final int THREADS = 100;
  private static final int CONNECTIONS = 20;
  private static final String JOB =
      """
      'deliver', (%1$s)::text,
      convert_to(json_build_object('id', %1$s, 'seq', %2$s, 'data', %3$s)::text, 'UTF8'),
      now(), false, 1\
      """;
  private static final String INTO =
      """
      insert into scheduled_tasks
        (task_name, task_instance, task_data, execution_time, picked, version)
      """;

  @Override
  public String name() {
    return "db-scheduler";
  }

  @Override
  public String settings() {
    return "16.12.0, lock-and-fetch 0.5/4.0, %d virtual threads, polling 50 ms, %d connections, %s"
        .formatted(THREADS, CONNECTIONS, Peers.COMMITS);
  }

  @Override
  public void install(Ground ground, String database, Audience audience) throws SQLException {
    try (Connection connection = ground.connect(database)) {
      Ground.execute(
          connection,
          """
          create table scheduled_tasks (
            task_name text not null, task_instance text not null, task_data bytea,
            execution_time timestamptz not null, picked boolean not null, picked_by text,
            last_success timestamptz, last_failure timestamptz, consecutive_failures int,
            last_heartbeat timestamptz, version bigint not null, priority smallint,
            primary key (task_name, task_instance));
          create index on scheduled_tasks (execution_time);
          create index on scheduled_tasks (last_heartbeat)
          """);
    }
  }

  @Override
  public void load(Connection connection, Audience audience, long first, int count)
      throws SQLException {
    String id = EventId.sql("seq", "(seq % " + audience.tenants() + ")::int");
    Ground.execute(
        connection,
        INTO
            + "select "
            + JOB.formatted(id, "seq", Audience.dataSql("seq"))
            + " from generate_series(%d::bigint, %d) seq".formatted(first, first + count - 1));
  }

  @Override
  public Publisher publisher(Connection connection, Audience audience) throws SQLException {
    return Peers.publisher(
        connection,
        audience,
        INTO
            + "select "
            + JOB.formatted("id", "seq", "data")
            + " from (values (?::uuid, ?::bigint, ?::text)) e(id, seq, data)"
            + " returning xmin::text::bigint");
  }

  @Override
  public Running start(Ground ground, String database, Audience audience) throws IOException {
    return Peers.start(this, ground, database, audience);
  }

  @Override
  public boolean isIdle(Connection connection) throws SQLException {
    return 0 == Ground.number(connection, "select (exists (select from scheduled_tasks))::int");
  }

  /** Runs the scheduler until the process is ended. */
  public static void main(String[] arguments) throws InterruptedException {
    Sender.prepareJvm();
    Poster poster = Peers.poster(arguments);
    HikariDataSource pool = Peers.pool(arguments, CONNECTIONS);
    var task =
        Tasks.oneTime(TASK)
            .onFailure(
                FailureHandler.<Job>maxRetries(3)
                    .withBackoff(Duration.ofSeconds(1), 2.0)
                    .thenRemove())
            .execute((instance, context) -> {
              Job job = instance.getData();
              poster.post(job.id(), job.seq(), job.data());
            });
    Scheduler scheduler =
        Scheduler.create(pool, task)
            .executorService(Executors.newVirtualThreadPerTaskExecutor())
            .threads(THREADS)
            .pollUsingLockAndFetch(0.5, 4.0)
            .pollingInterval(Duration.ofMillis(50))
            .heartbeatInterval(Duration.ofSeconds(10))
            .missedHeartbeatsLimit(4)
            .serializer(new JacksonSerializer())
            .shutdownMaxWait(Duration.ofSeconds(2))
            .build();
    scheduler.start();
    Runtime.getRuntime().addShutdownHook(new Thread(scheduler::stop));
    new CountDownLatch(1).await();
  }
}
