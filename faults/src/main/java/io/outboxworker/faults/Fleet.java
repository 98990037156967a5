package io.outboxworker.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The workers of a run, and the supervisor that starts them again when they end. Thread-safe. */
final class Fleet implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(60);

  /** How a worker ended, and after how long. */
  record Exit(String name, int code, long at) {}

  private final Installation installation;
  private final Path folder;
  private final Map<String, String> environment;
  private final Map<String, WorkerProcess> workers = new ConcurrentHashMap<>();
  private final Queue<Exit> exits = new ConcurrentLinkedQueue<>();
  private volatile boolean closed;

  Fleet(Installation installation, Path folder, Map<String, String> environment) {
    this.installation = installation;
    this.folder = folder;
    this.environment = environment;
  }

  /** Starts a worker of this name and returns when it is ready; settings take turns. */
  WorkerProcess start(String name, String... settings) {
    WorkerProcess worker = launch(name, settings);
    if (!worker.awaitReady(START_LIMIT)) {
      throw new IllegalStateException("worker %s did not start, see its log".formatted(name));
    }
    return worker;
  }

  /** Starts it, and starts it again each time it ends. */
  void keepRunning(String name, String... settings) {
    launch(name, settings);
    Thread.ofVirtual().start(() -> supervise(name, settings));
    awaitReady(name);
  }

  void awaitReady(String name) {
    long deadline = Moment.now() + START_LIMIT.toMillis();
    while (!get(name).awaitReady(Duration.ofSeconds(5))) {
      if (Moment.now() > deadline) {
        throw new IllegalStateException("worker %s did not start, see its log".formatted(name));
      }
    }
  }

  WorkerProcess get(String name) {
    WorkerProcess worker = workers.get(name);
    if (worker == null) {
      throw new IllegalStateException("there is no worker " + name);
    }
    return worker;
  }

  List<WorkerProcess> all() {
    return List.copyOf(workers.values());
  }

  /** How supervised workers ended so far. */
  List<Exit> exits() {
    return List.copyOf(exits);
  }

  /** The sum of a metric over all workers that answer. */
  double metric(String lineStart) {
    return all().stream().mapToDouble(worker -> worker.metric(lineStart).orElse(0)).sum();
  }

  @Override
  public void close() {
    closed = true;
    for (WorkerProcess worker : all()) {
      worker.kill();
    }
  }

  private WorkerProcess launch(String name, String... settings) {
    Map<String, String> own = new HashMap<>(environment);
    for (int i = 0; i < settings.length; i += 2) {
      own.put(settings[i], settings[i + 1]);
    }
    WorkerProcess worker = WorkerProcess.start(installation, own, folder, name);
    workers.put(name, worker);
    return worker;
  }

  private void supervise(String name, String... settings) {
    while (!closed) {
      int code = get(name).awaitExit(Duration.ofSeconds(1));
      if (!get(name).isAlive() && !closed) {
        exits.add(new Exit(name, code, Moment.now()));
        launch(name, settings);
      }
    }
  }
}
