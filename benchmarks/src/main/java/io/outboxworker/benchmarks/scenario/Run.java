package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.Contestant;
import io.outboxworker.benchmarks.contestant.Running;
import io.outboxworker.benchmarks.ground.Arrivals;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.ground.Reading;
import io.outboxworker.benchmarks.ground.Tally;
import io.outboxworker.benchmarks.report.Figures;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One contestant at work on a database of its own, and the events that it was given so far. */
final class Run implements AutoCloseable {
  private static final Duration LOOK = Duration.ofMillis(10);
  private static final Duration TELL = Duration.ofSeconds(10);

  /** For one POST, also on a machine with other work. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /** So long nothing may arrive before what is missing counts as lost. */
  private static final Duration STALLED = Duration.ofSeconds(60);

  private final Bench bench;
  private final Contestant contestant;
  private final Audience audience;
  private final String database;
  private final Connection connection;
  private @Nullable Running running;
  private long events;

  private Run(Bench bench, Contestant contestant, Audience audience)
      throws SQLException, IOException, InterruptedException {
    this.bench = bench;
    this.contestant = contestant;
    this.audience = audience;
    bench.ground().receiver().reset();
    this.database = bench.ground().createDatabase();
    contestant.install(bench.ground(), database, audience);
    this.connection = bench.ground().connect(database);
  }

  /** Makes the database; nothing delivers yet. */
  static Run prepare(Bench bench, Contestant contestant, Audience audience)
      throws SQLException, IOException, InterruptedException {
    return new Run(bench, contestant, audience);
  }

  /** Starts the process. */
  void start() throws IOException {
    running = contestant.start(bench.ground(), database, audience);
  }

  /** Commits so many events at once. */
  void load(int count) throws SQLException {
    contestant.load(connection, audience, events, count);
    events += count;
  }

  /** Drains some events, so that what is measured next finds a warm process. */
  void warmUp(int count) throws IOException, SQLException, InterruptedException {
    load(count);
    awaitAll();
    settle();
  }

  /**
   * Keeps up a load that nobody measures: draining makes the worker warm, and not those who commit
   * one event at a time and are measured with it.
   */
  void warmUp(int perSecond, double seconds)
      throws IOException, SQLException, InterruptedException {
    produce(perSecond, seconds);
    awaitAll();
  }

  /** Brings the database into the state in which every run begins. */
  void settle() throws SQLException {
    Ground.execute(connection, "vacuum analyze");
    bench.ground().checkpoint();
  }

  /** Commits so many events a second for so long. */
  OpenLoop.Committed produce(int perSecond, double seconds)
      throws SQLException, InterruptedException {
    OpenLoop.Committed committed =
        new OpenLoop(bench.ground(), database, contestant, audience)
            .run(events, perSecond, seconds);
    events += committed.count();
    return committed;
  }

  /** Notes events that a scenario committed itself. */
  void committed(int count) {
    events += count;
  }

  /** The number that the next event will have. */
  long events() {
    return events;
  }

  Connection connection() {
    return connection;
  }

  String database() {
    return database;
  }

  Arrivals arrivals() {
    return bench.ground().receiver().arrivals();
  }

  /** Waits until every event was delivered and nothing is left to do. */
  void awaitAll() throws IOException, SQLException, InterruptedException {
    if (!awaitAccepted(events * audience.perTenant(), Duration.ofHours(1))) {
      bench.progress().say("  nothing arrives any more: what is missing counts as lost");
    }
    while (!contestant.isIdle(connection) && arrivals().accepted() >= events) {
      Thread.sleep(LOOK);
    }
  }

  /**
   * Waits until so many POSTs were accepted; false where that took longer than the limit, or where
   * nothing arrived for a minute.
   */
  boolean awaitAccepted(long accepted, Duration limit) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    long told = begin;
    long moved = begin;
    int seen = -1;
    while (arrivals().accepted() < accepted) {
      Thread.sleep(LOOK);
      running().check();
      long now = System.nanoTime();
      if (arrivals().size() != seen) {
        seen = arrivals().size();
        moved = now;
      }
      if (now - moved > STALLED.toNanos() || now - begin > limit.toNanos()) {
        return false;
      }
      if (now - told > TELL.toNanos()) {
        told = now;
        bench.progress().say("  %,d of %,d".formatted(arrivals().accepted(), accepted));
      }
    }
    return true;
  }

  /** What everything has used up to now. */
  Reading read() throws SQLException, IOException {
    return bench.ground().read(database, running == null ? 0 : running.pid());
  }

  /** The most memory that the process had resident. */
  double peakMebibytes() {
    return running().peakMebibytes();
  }

  /** Adds what each of that many deliveries took, and what was lost since the run began. */
  Figures finish(Figures figures, Reading used, long deliveries) {
    return tally(costs(figures, used, deliveries), events * audience.perTenant());
  }

  /** Adds what each of that many deliveries took, and the memory of the process. */
  Figures costs(Figures figures, Reading used, long deliveries) {
    return Bench.costs(figures, used, deliveries).with("most resident MiB", peakMebibytes());
  }

  /** Adds what was lost of so many expected POSTs, what came twice, and what must not come. */
  Figures tally(Figures figures, long expected) {
    Tally tally = Tally.of(arrivals(), events, audience.perTenant(), expected);
    return figures
        .with("lost", (double) tally.lost())
        .with("duplicates", (double) tally.duplicates())
        .with("ghosts", (double) tally.ghosts());
  }

  void keep(Figures figures) {
    bench.keep(figures);
  }

  /** Ends the process at once, whatever it has running. */
  void kill() {
    running().kill();
  }

  /** Ends the process as an operator would, and returns the seconds that it took. */
  double stop() {
    long begin = System.nanoTime();
    running().close();
    return (System.nanoTime() - begin) / 1e9;
  }

  /** Ends the process as an operator would, and drops the database. */
  @Override
  public void close() throws SQLException {
    try (connection) {
      if (running != null) {
        running.close();
      }
    }
    bench.ground().dropDatabase(database);
  }

  private Running running() {
    if (running == null) {
      throw new IllegalStateException("start() comes first");
    }
    return running;
  }
}
