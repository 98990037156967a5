package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.Contestant;
import io.outboxworker.benchmarks.contestant.Publisher;
import io.outboxworker.benchmarks.ground.Clock;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.cli.CommandFailed;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Producers that commit events on a timetable that nothing slows down: an event that is late is
 * committed as soon as possible, and its lateness counts.
 */
final class OpenLoop {
  private static final int PRODUCERS = 32;

  /**
   * What was committed; the event number {@code first + i} stands at i.
   *
   * @param scheduled when it should have been committed, in microseconds
   * @param transactions the transactions that committed them
   */
  @SuppressWarnings("ArrayRecordComponent") // read by one thread, never compared
  record Committed(long first, long[] scheduled, long[] transactions) {
    int count() {
      return scheduled.length;
    }

    boolean holds(long seq) {
      return seq >= first && seq < first + count();
    }
  }

  private final Ground ground;
  private final String database;
  private final Contestant contestant;
  private final Audience audience;

  OpenLoop(Ground ground, String database, Contestant contestant, Audience audience) {
    this.ground = ground;
    this.database = database;
    this.contestant = contestant;
    this.audience = audience;
  }

  /** Commits so many events a second for so long, beginning with this number. */
  Committed run(long first, int perSecond, double seconds)
      throws SQLException, InterruptedException {
    int count = (int) (perSecond * seconds);
    Committed committed = new Committed(first, new long[count], new long[count]);
    AtomicInteger next = new AtomicInteger();
    // Time to open the connections.
    long begin = Clock.micros() + 500_000;
    try (ExecutorService threads = Executors.newFixedThreadPool(PRODUCERS)) {
      List<Future<?>> producers = new ArrayList<>();
      for (int i = 0; i < PRODUCERS; i++) {
        producers.add(threads.submit(() -> produce(committed, next, begin, perSecond)));
      }
      for (Future<?> producer : producers) {
        producer.get();
      }
    } catch (ExecutionException e) {
      throw new CommandFailed("a producer failed: " + e.getCause());
    }
    return committed;
  }

  private Void produce(Committed committed, AtomicInteger next, long begin, int perSecond)
      throws SQLException {
    try (Connection connection = ground.connect(database)) {
      Publisher publisher = contestant.publisher(connection, audience);
      for (int i = next.getAndIncrement(); i < committed.count(); i = next.getAndIncrement()) {
        long due = begin + 1_000_000L * i / perSecond;
        for (long early = due - Clock.micros(); early > 0; early = due - Clock.micros()) {
          LockSupport.parkNanos(early * 1_000);
        }
        committed.scheduled[i] = due;
        committed.transactions[i] = publisher.publish(committed.first + i);
      }
    }
    return null;
  }
}
