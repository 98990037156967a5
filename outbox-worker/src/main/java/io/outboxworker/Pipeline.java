package io.outboxworker;

import io.outboxworker.api.ApiDatabase;
import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseClock;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.Migrations;
import io.outboxworker.database.Poller;
import io.outboxworker.database.Sessions;
import io.outboxworker.delivery.Backlog;
import io.outboxworker.delivery.Deliveries;
import io.outboxworker.delivery.Delivering;
import io.outboxworker.delivery.DeliveryCounts;
import io.outboxworker.delivery.DeliveryFeed;
import io.outboxworker.delivery.Endings;
import io.outboxworker.delivery.Lanes;
import io.outboxworker.delivery.Replaying;
import io.outboxworker.metrics.DatabaseMetrics;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.outbox.FanOut;
import io.outboxworker.outbox.Outbox;
import io.outboxworker.outbox.Publisher;
import io.outboxworker.subscription.LiveSubscriptions;
import io.outboxworker.tracing.Tracing;
import io.outboxworker.upkeep.Expiry;
import io.outboxworker.upkeep.Gauges;
import io.outboxworker.upkeep.Logs;
import io.outboxworker.upkeep.Partitions;
import io.outboxworker.upkeep.Sweep;
import io.outboxworker.upkeep.Vitals;
import io.outboxworker.webhook.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The path of an event through one database, from its outbox to its log; one per database. */
final class Pipeline implements AutoCloseable {
  private static final int FAN_OUT_POOL = 1;
  private static final int TIMER_POOL = 6;
  private static final int UPKEEP_POOL = 3;
  private static final int PROBE_POOL = 1;
  private static final Duration PROBE_EVERY = Duration.ofSeconds(1);
  private static final Duration UNREADY_AFTER = Duration.ofSeconds(3);
  private static final Duration UNLIVE_AFTER = Duration.ofSeconds(60);

  private final String name;
  private final Database database;
  private final Database fanOutPool;
  private final Database timerPool;
  private final Database upkeepPool;
  private final Database probePool;
  private final Delivering delivering;
  private final Poller fanOut;
  private final Poller probe;
  private final List<Poller> upkeep;
  private final DeliveryFeed feed;
  private final Partitions partitions;
  private final DatabaseMetrics gauges;

  /** Connects; the schema must be as {@link Migrations} wants it. */
  Pipeline(
      String name,
      DatabaseSettings settings,
      Config config,
      Sender sender,
      @Nullable Tracing tracing,
      Metrics metrics) {
    this.name = name;
    gauges = metrics.databases();
    gauges.present(name);
    database =
        Database.openUnhurried(settings, named("worker"), config.poolSize(), metrics.pools());
    var clock = clockOf(database);
    fanOutPool = Database.openForLargeStatements(settings, named("fan-out"), FAN_OUT_POOL, null);
    timerPool = Database.openUnhurried(settings, named("timer"), TIMER_POOL, metrics.pools());
    upkeepPool = Database.openForUpkeep(settings, named("upkeep"), UPKEEP_POOL, metrics.pools());
    probePool = Database.open(settings, named("probe"), PROBE_POOL, null);
    var jdbi = database.jdbi();
    var upkeepJdbi = upkeepPool.jdbi();
    for (var pool : List.of(jdbi, fanOutPool.jdbi(), upkeepJdbi)) {
      pool.setSqlLogger(gauges.errorsOf(name));
    }
    var attempts = config.attempts();
    var deliveries = new Deliveries(jdbi, attempts.source(), attempts.timeout());
    var subscriptions = new LiveSubscriptions(jdbi, config.keys());
    String verifyAs = config.endpoints().verify() ? attempts.source() : null;
    delivering =
        new Delivering(
            new Delivering.Ground(jdbi, timerPool.dataSource(), clock, tracing),
            subscriptions,
            deliveries,
            sender,
            delivering(attempts, verifyAs),
            metrics);
    var logs = new Logs(upkeepJdbi);
    partitions = new Partitions(logs, config.retention());
    var outbox = new Outbox(upkeepPool, deliveries, attempts.timeout());
    var backlog = new Backlog(upkeepPool);
    var publisher = new Publisher(upkeepJdbi);
    var fanOutOutbox = new Outbox(fanOutPool, deliveries, attempts.timeout());
    var fanOutStep =
        new FanOut(fanOutOutbox, delivering.lanes(), clock, metrics, attempts.pollInterval());
    fanOut = new Poller(named("fan-out"), fanOutStep::step);
    probe = new Poller(named("probe"), this::probe);
    feed = new DeliveryFeed(jdbi);
    upkeep =
        List.of(
            new Poller(
                named("replays"), new Replaying(upkeepJdbi, delivering.lanes()::noteParked)::step),
            new Poller(named("counts"), new DeliveryCounts(upkeepJdbi)::step),
            new Poller(named("keys"), publisher::forgetOldKeys),
            new Poller(
                named("sweep"),
                new Sweep(backlog, new Endings(upkeepJdbi), delivering, metrics)::step),
            new Poller(named("partitions"), partitions::step),
            new Poller(named("expiry"), new Expiry(upkeepJdbi, config.retention())::step),
            new Poller(named("gauges"), new Gauges(name, outbox, backlog, clock, gauges)::step),
            new Poller(
                named("vitals"),
                new Vitals(name, logs, new Sessions(upkeepJdbi), subscriptions, gauges)::step));
  }

  /** Fails where the database went away again, and then leaves nothing open. */
  private static DatabaseClock clockOf(Database database) {
    try {
      return new DatabaseClock(database.jdbi());
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private Delivering.Settings delivering(Config.Attempts attempts, @Nullable String verifyAs) {
    var limits =
        new Lanes.Limits(
            attempts.maxInFlight(), attempts.maxInFlightPerSubscription(), attempts.timeout());
    return new Delivering.Settings(
        name, limits, attempts.retryDelays(), attempts.disableAfter(), verifyAs);
  }

  void start() {
    probe.start();
    // Before the first event of a day without a partition comes, else it lands in the default one.
    partitions.step();
    delivering.start();
    fanOut.start();
    // After what delivers: the first steps of these would hold it up.
    upkeep.forEach(Poller::start);
    feed.start();
  }

  /** What calls of the API need of it. */
  ApiDatabase.WorkerSide forApi(String source) {
    return new ApiDatabase.WorkerSide(
        source,
        "outbox-worker/" + Version.current(),
        feed,
        subscriptions -> delivering.lanes().noteParked(subscriptions));
  }

  /** Starts no attempt any more; waits for nothing. */
  void stopStarting() {
    delivering.stopStarting();
  }

  /** Stops taking work; running attempts go on. */
  void stopTaking() {
    delivering.stopTaking();
    fanOut.close();
    upkeep.forEach(Poller::close);
  }

  /** Lets running attempts end; true where none was cut off. */
  boolean awaitDrained(Duration limit) throws InterruptedException {
    return delivering.awaitDrained(limit);
  }

  List<String> unready() {
    List<String> reasons = new ArrayList<>();
    if (probe.sinceSuccess().compareTo(UNREADY_AFTER) > 0) {
      reasons.add("database %s does not answer".formatted(name));
    }
    return reasons;
  }

  /** Stuck although the database answers; a database that is away is no reason to restart. */
  List<String> unlive() {
    boolean stuck = fanOut.sinceSuccess().compareTo(UNLIVE_AFTER) > 0 && unready().isEmpty();
    return stuck ? List.of("fan-out of database %s is stuck".formatted(name)) : List.of();
  }

  @Override
  public void close() {
    feed.close();
    fanOut.close();
    upkeep.forEach(Poller::close);
    delivering.close();
    probe.close();
    probePool.close();
    upkeepPool.close();
    timerPool.close();
    fanOutPool.close();
    database.close();
  }

  private Duration probe() {
    boolean answers = false;
    try {
      probePool.jdbi().useHandle(handle -> handle.execute("select 1"));
      answers = true;
    } finally {
      gauges.answers(name, answers);
    }
    return PROBE_EVERY;
  }

  private String named(String role) {
    return poolName(name, role);
  }

  /** What a database's pools and threads are called. */
  static String poolName(String database, String role) {
    return database.equals(Config.MAIN_DATABASE) ? role : database + "-" + role;
  }
}
