package io.outboxworker;

import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.DatabaseUnreachable;
import io.outboxworker.database.Poller;
import io.outboxworker.database.SqlFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pipelines of all databases. Those whose database answers at the start begin at once; the
 * others are asked again every second. Thread-safe once started.
 */
final class Pipelines implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Pipelines.class);
  private static final Duration LATE_LIMIT = Duration.ofMillis(100);
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private static final Duration DONE = Duration.ofDays(365);

  private final Config config;
  private final Function<String, Pipeline> make;
  private final BiConsumer<String, Pipeline> begun;
  private final Map<String, Pipeline> running = new ConcurrentHashMap<>();
  private final Map<String, String> missing = new ConcurrentHashMap<>();
  private final List<Poller> latecomers = new ArrayList<>();
  private boolean stopping;

  /**
   * @param make makes the pipeline of a database that answers, not started yet
   * @param begun is told of each when it has started
   */
  Pipelines(Config config, Function<String, Pipeline> make, BiConsumer<String, Pipeline> begun) {
    this.config = config;
    this.make = make;
    this.begun = begun;
  }

  /**
   * Starts those that can be worked with; returns when at least one delivers.
   *
   * @throws DatabaseUnreachable where none answers within 30 s
   * @throws CannotStart where a schema is too old, or no key opens the stored secrets; with the
   *     faults of all databases
   */
  void start(DatabaseChecks checks) {
    Set<String> ready = checks.await();
    config
        .databases()
        .keySet()
        .forEach(name -> {
          if (!ready.contains(name) || !isStarted(name)) {
            startLate(name);
          }
        });
  }

  /** A database that went away again since is one that comes late, unless it is the only one. */
  private boolean isStarted(String name) {
    try {
      startOne(name);
      return true;
    } catch (RuntimeException e) {
      if (config.databases().size() == 1) {
        throw e;
      }
      log.atWarn()
          .addKeyValue("database", name)
          .addKeyValue("error", SqlFault.describe(e))
          .log("pipeline did not start");
      return false;
    }
  }

  private synchronized void startOne(String name) {
    if (stopping) {
      return;
    }
    Pipeline pipeline = make.apply(name);
    running.put(name, pipeline);
    pipeline.start();
    begun.accept(name, pipeline);
    missing.remove(name);
  }

  private void startLate(String name) {
    missing.put(name, "database %s does not answer".formatted(name));
    log.atWarn().addKeyValue("database", name).log("database does not answer, the others start");
    latecomers.add(new Poller(name + "-start", () -> tryLate(name)).start());
  }

  private Duration tryLate(String name) {
    DatabaseSettings settings = Objects.requireNonNull(config.databases().get(name));
    List<String> faults;
    try {
      faults = DatabaseChecks.faults(name, settings, config, LATE_LIMIT);
    } catch (DatabaseUnreachable away) {
      return AGAIN;
    }
    if (!faults.isEmpty()) {
      String fault = String.join("; ", faults);
      if (!fault.equals(missing.put(name, fault))) {
        log.atError().addKeyValue("database", name).addKeyValue("error", fault).log("cannot start");
      }
      return AGAIN;
    }
    startOne(name);
    log.atInfo().addKeyValue("database", name).log("database answers, its deliveries begin");
    return DONE;
  }

  /** Stops taking work; running attempts go on. */
  void stopTaking() {
    // What a database that hangs makes wait must not let the others start attempts meanwhile.
    running.values().forEach(Pipeline::stopStarting);
    synchronized (this) {
      stopping = true;
    }
    running.values().forEach(Pipeline::stopTaking);
    latecomers.forEach(Poller::close);
  }

  /** Lets running attempts end until then; true where none was cut off. */
  boolean awaitDrained(long deadlineNanos) throws InterruptedException {
    boolean clean = true;
    for (Pipeline pipeline : running.values()) {
      long left = Math.max(0, deadlineNanos - System.nanoTime());
      clean &= pipeline.awaitDrained(Duration.ofNanos(left));
    }
    return clean;
  }

  /** Whether at least one database answers. */
  boolean isServing() {
    return running.values().stream().anyMatch(pipeline -> pipeline.unready().isEmpty());
  }

  List<String> unready() {
    return Stream.concat(
            missing.values().stream(), running.values().stream().flatMap(p -> p.unready().stream()))
        .toList();
  }

  List<String> unlive() {
    return running.values().stream().flatMap(pipeline -> pipeline.unlive().stream()).toList();
  }

  @Override
  public void close() {
    stopTaking();
    running.values().forEach(Pipeline::close);
    running.clear();
  }
}
