package io.outboxworker.faults;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
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
  private final Set<String> retired = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  Fleet(Installation installation, Path folder, Map<String, String> environment) {
    this.installation = installation;
    this.folder = folder;
    this.environment = environment;
  }

  /** Starts a worker of this name and returns when it is ready; settings take turns. */
  WorkerProcess start(String name, String... settings) {
    return ready(name, launch(name, settings));
  }

  /** The same with a log that goes elsewhere than to {@code <name>.log}. */
  WorkerProcess startLogging(String name, Redirect log, String... settings) {
    return ready(name, launch(installation.command("work"), name, log, settings));
  }

  /** The same as what another command runs. */
  WorkerProcess startBehind(List<String> command, String name, String... settings) {
    List<String> whole = new ArrayList<>(command);
    whole.addAll(installation.command("work"));
    return ready(name, launch(whole, name, logOf(name), settings));
  }

  private static WorkerProcess ready(String name, WorkerProcess worker) {
    if (!worker.awaitReady(START_LIMIT)) {
      throw new IllegalStateException("worker %s did not start, see its log".formatted(name));
    }
    return worker;
  }

  /** Starts {@code work --migrate} and returns when it is ready, or has failed. */
  void startMigrating(String name) {
    launch(installation.command("work", "--migrate"), name, logOf(name)).awaitReady(START_LIMIT);
  }

  /** Starts {@code migrate} with these JVM flags besides the usual ones. */
  Process migrate(String flags) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(installation.command("migrate"))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("migrate.log").toFile());
    builder.environment().putAll(environment);
    builder.environment().put("OUTBOX_JAVA_OPTS", flags);
    return builder.start();
  }

  /** Starts it, and starts it again each time it ends. */
  void keepRunning(String name, String... settings) {
    launch(name, settings);
    Thread.ofVirtual().start(() -> supervise(name, settings));
    awaitReady(name);
  }

  /** Kills it, and starts it no more. */
  void retire(String name) {
    retired.add(name);
    get(name).kill();
    workers.remove(name);
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
    return launch(installation.command("work"), name, logOf(name), settings);
  }

  private Redirect logOf(String name) {
    return Redirect.appendTo(folder.resolve(name + ".log").toFile());
  }

  private WorkerProcess launch(
      List<String> command, String name, Redirect log, String... settings) {
    Map<String, String> own = new HashMap<>(environment);
    for (int i = 0; i < settings.length; i += 2) {
      own.put(settings[i], settings[i + 1]);
    }
    WorkerProcess worker = WorkerProcess.start(command, own, folder, name, log);
    workers.put(name, worker);
    return worker;
  }

  private void supervise(String name, String... settings) {
    while (!closed && !retired.contains(name)) {
      WorkerProcess worker = get(name);
      int code = worker.awaitExit(Duration.ofSeconds(1));
      if (!worker.isAlive() && !closed && !retired.contains(name)) {
        exits.add(new Exit(name, code, Moment.now()));
        launch(name, settings);
      }
    }
  }
}
