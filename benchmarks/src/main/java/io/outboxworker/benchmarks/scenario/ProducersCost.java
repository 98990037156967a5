package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.report.Figures;
import io.outboxworker.cli.CommandFailed;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What an application pays: the INSERT into the outbox beside the same INSERT into a table of the
 * same columns with a primary key and nothing else, each in a transaction of its own. The outbox's
 * turns lie between two of the bare table, so that what else the machine does meets both.
 */
public final class ProducersCost implements Scenario {
  private static final String BARE = "public.bare";
  private static final String OUTBOX = "webhooks.outbox";

  private final List<Integer> connections;
  private final double seconds;

  /**
   * @param connections how many insert at a time
   * @param seconds how long each table is inserted into, in all its turns
   */
  public ProducersCost(List<Integer> connections, double seconds) {
    this.connections = List.copyOf(connections);
    this.seconds = seconds;
  }

  @Override
  public String name() {
    return "producer's cost";
  }

  @Override
  public void round(Bench bench, int round) throws IOException, SQLException, InterruptedException {
    try (Run run = Run.prepare(bench, new OutboxWorker(), new Audience(1, 1))) {
      Ground.execute(
          run.connection(),
          """
          create table %s (like webhooks.outbox);
          alter table %1$s add primary key (id), alter id set default uuidv7(),
            alter occurred_at set default now()
          """
              .formatted(BARE));
      insert(bench, run, BARE, 4, 1);
      insert(bench, run, OUTBOX, 4, 1);
      for (int number : connections) {
        Cost bare = Cost.NONE;
        Cost outbox = Cost.NONE;
        for (int turn = 0; turn < 2; turn++) {
          bare = bare.plus(insert(bench, run, BARE, number, seconds / 4));
          outbox = outbox.plus(insert(bench, run, OUTBOX, number, seconds / 2));
          bare = bare.plus(insert(bench, run, BARE, number, seconds / 4));
        }
        String variant = number == 1 ? "1 connection" : number + " connections";
        bench.keep(
            new Figures(name(), variant, round)
                .with("outbox : bare, time", outbox.millis(number) / bare.millis(number))
                .with("outbox, ms", outbox.millis(number))
                .with("bare, ms", bare.millis(number))
                .with("outbox, inserts/s", outbox.perSecond())
                .with("bare, inserts/s", bare.perSecond())
                .with("outbox : bare, PostgreSQL CPU", outbox.cpu() / bare.cpu())
                .with("outbox : bare, WAL bytes", outbox.wal() / bare.wal()));
      }
    }
  }

  private record Cost(double seconds, long count, double cpuSeconds, long walBytes) {
    static final Cost NONE = new Cost(0, 0, 0, 0);

    Cost plus(Cost more) {
      return new Cost(
          seconds + more.seconds,
          count + more.count,
          cpuSeconds + more.cpuSeconds,
          walBytes + more.walBytes);
    }

    double millis(int connections) {
      return seconds * 1000 * connections / count;
    }

    double perSecond() {
      return count / seconds;
    }

    double cpu() {
      return cpuSeconds / count;
    }

    double wal() {
      return walBytes / (double) count;
    }
  }

  private Cost insert(Bench bench, Run run, String table, int number, double length)
      throws SQLException, IOException, InterruptedException {
    Ground.execute(run.connection(), "truncate " + table);
    bench.ground().checkpoint();
    Reading begin = run.read();
    long end = System.nanoTime() + (long) (length * 1e9);
    long count = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(number)) {
      List<Future<Long>> producers = new ArrayList<>();
      for (int i = 0; i < number; i++) {
        producers.add(threads.submit(() -> produce(bench, run, table, end)));
      }
      for (Future<Long> producer : producers) {
        count += producer.get();
      }
    } catch (ExecutionException e) {
      throw new CommandFailed("a producer failed: " + e.getCause());
    }
    Reading used = run.read().since(begin);
    return new Cost(length, count, used.postgresCpu(), used.walBytes());
  }

  private static long produce(Bench bench, Run run, String table, long end) throws SQLException {
    String insert =
        """
        insert into %s (tenant_id, event, resource_type, resource_id, data)
        values (?, '%s', 'invoice', ?, ?::json)
        """
            .formatted(table, Audience.EVENT);
    long count = 0;
    try (Connection connection = bench.ground().connect(run.database());
        PreparedStatement statement = connection.prepareStatement(insert)) {
      for (; System.nanoTime() < end; count++) {
        statement.setObject(1, EventId.tenantId(0));
        statement.setString(2, "inv-" + count);
        statement.setString(3, Audience.data(count));
        statement.executeUpdate();
      }
    }
    return count;
  }
}
