package io.outboxworker;

import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.DatabaseUnreachable;
import io.outboxworker.database.Migrations;
import io.outboxworker.database.Poller;
import io.outboxworker.database.SqlFault;
import io.outboxworker.subscription.StoredSecrets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
  private static final Duration FIRST_LIMIT = Duration.ofSeconds(30);

  /** What the others are given once one is ready. */
  private static final Duration OTHERS_LIMIT = Duration.ofSeconds(3);

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
   * Returns when at least one delivers.
   *
   * @throws DatabaseUnreachable where none answers within 30 s
   * @throws CannotStart where a schema is too old, or no key opens the stored secrets; with the
   *     faults of all databases
   */
  void start() {
    Map<String, CompletableFuture<List<String>>> checks = new LinkedHashMap<>();
    CountDownLatch oneIsReady = new CountDownLatch(1);
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      config
          .databases()
          .forEach((name, settings) ->
              checks.put(
                  name,
                  CompletableFuture.supplyAsync(
                      () -> {
                        List<String> faults = faults(name, settings, FIRST_LIMIT);
                        oneIsReady.countDown();
                        return faults;
                      },
                      threads)));
      await(checks.values(), oneIsReady);
    } finally {
      threads.shutdownNow();
    }
    throwFaults(checks);
    checks.forEach((name, check) -> {
      if (!isReady(check) || !isStarted(name)) {
        startLate(name);
      }
    });
  }

  /** Until all are known, or one is ready and the others had their time. */
  private static void await(
      Collection<CompletableFuture<List<String>>> checks, CountDownLatch oneIsReady) {
    var all = CompletableFuture.allOf(checks.toArray(CompletableFuture[]::new));
    try {
      while (!all.isDone() && !oneIsReady.await(50, TimeUnit.MILLISECONDS)) {
        // Each check ends by itself, at its limit.
      }
      all.get(OTHERS_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while starting", e);
    } catch (ExecutionException | TimeoutException e) {
      // The caller looks at each: one that failed, or is not known yet, comes late.
    }
  }

  private static boolean isReady(CompletableFuture<List<String>> check) {
    return check.state() == CompletableFuture.State.SUCCESS;
  }

  private static void throwFaults(Map<String, CompletableFuture<List<String>>> checks) {
    List<String> faults =
        checks.values().stream()
            .filter(Pipelines::isReady)
            .flatMap(check -> check.resultNow().stream())
            .toList();
    if (!faults.isEmpty()) {
      throw new CannotStart(faults);
    }
    if (checks.values().stream().noneMatch(Pipelines::isReady)
        && checks.values().iterator().next().exceptionNow() instanceof RuntimeException fault) {
      throw fault;
    }
  }

  /** What keeps a pipeline from working with this database; throws where it does not answer. */
  private List<String> faults(String name, DatabaseSettings settings, Duration limit) {
    try (Database database = Database.open(settings, "check", 1, null)) {
      database.awaitReachable(limit);
      String schemaFault = new Migrations(settings).fault();
      if (schemaFault != null) {
        return List.of("database %s: %s".formatted(name, schemaFault));
      }
      return new StoredSecrets(database.jdbi(), config.keys()).keysFit()
          ? List.of()
          : List.of(
              "OUTBOX_KEYS has no key that opens the secrets stored in database %s"
                  .formatted(name));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while starting", e);
    }
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
      faults = faults(name, settings, LATE_LIMIT);
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
