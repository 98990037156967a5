package io.outboxworker;

import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.DatabaseUnreachable;
import io.outboxworker.database.Migrations;
import io.outboxworker.subscription.StoredSecrets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks all databases of a configuration at once, in the background, whether a worker can work with
 * them; closing it gives up on those that have not answered.
 */
final class DatabaseChecks implements AutoCloseable {
  private static final Duration FIRST_LIMIT = Duration.ofSeconds(30);

  /** What the others are given once one is ready. */
  private static final Duration OTHERS_LIMIT = Duration.ofSeconds(3);

  private final Map<String, CompletableFuture<List<String>>> checks = new LinkedHashMap<>();
  private final CountDownLatch oneIsReady = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  DatabaseChecks(Config config) {
    config
        .databases()
        .forEach((name, settings) ->
            checks.put(
                name,
                CompletableFuture.supplyAsync(
                    () -> {
                      List<String> faults = faults(name, settings, config, FIRST_LIMIT);
                      oneIsReady.countDown();
                      return faults;
                    },
                    threads)));
  }

  /**
   * The names of those that a worker can work with: when all are known, or one is ready and the
   * others had their time.
   *
   * @throws DatabaseUnreachable where none answers within 30 s
   * @throws CannotStart where one has a fault; with the faults of all
   */
  Set<String> await() {
    awaitAnswers();
    List<String> faults =
        checks.values().stream()
            .filter(DatabaseChecks::isKnown)
            .flatMap(check -> check.resultNow().stream())
            .toList();
    if (!faults.isEmpty()) {
      throw new CannotStart(faults);
    }
    Set<String> ready = new LinkedHashSet<>();
    checks.forEach((name, check) -> {
      if (isKnown(check)) {
        ready.add(name);
      }
    });
    if (ready.isEmpty()
        && checks.values().iterator().next().exceptionNow() instanceof RuntimeException fault) {
      throw fault;
    }
    return ready;
  }

  private void awaitAnswers() {
    var all = CompletableFuture.allOf(checks.values().toArray(CompletableFuture[]::new));
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

  private static boolean isKnown(CompletableFuture<List<String>> check) {
    return check.state() == CompletableFuture.State.SUCCESS;
  }

  /** What keeps a worker from working with this database; throws where it does not answer. */
  static List<String> faults(
      String name, DatabaseSettings settings, Config config, Duration limit) {
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

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
