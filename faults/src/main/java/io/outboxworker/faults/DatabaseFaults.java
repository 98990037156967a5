package io.outboxworker.faults;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** PostgreSQL that is killed, stopped, away, half-dead. */
final class DatabaseFaults {
  static final Duration BACK = Duration.ofSeconds(10);

  /** A crash may undo the record of an attempt, and the lease of the next one is lost as well. */
  static final int FORGETFUL = 2;

  private DatabaseFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.of(
            "postgres-kill",
            "kill -9 of the postmaster, --rounds times, five at most",
            FORGETFUL,
            DatabaseFaults::kill),
        new Fault(
            "postgres-kill-waiting",
            "kill -9 of the postmaster, with workers that wait for their commits",
            1,
            Plan::waitingForCommits,
            DatabaseFaults::kill),
        Fault.of(
            "postgres-stop",
            "immediate and fast stops of PostgreSQL, --rounds of them, five at most",
            FORGETFUL,
            DatabaseFaults::stop),
        Fault.of(
            "postgres-away", "PostgreSQL is down, for --seconds", FORGETFUL, DatabaseFaults::away),
        Fault.of(
            "terminate-backends",
            "the workers' backends are terminated every 2 s, for --seconds",
            1,
            DatabaseFaults::terminateBackends),
        Fault.of(
            "stopped-backend",
            "one backend of the worker stops answering",
            1,
            DatabaseFaults::stoppedBackend),
        Fault.of("connections", "others use up every connection", 1, DatabaseFaults::connections));
  }

  private static void kill(Stage stage) throws IOException {
    crash(stage, List.of(stage.postgres()::kill));
  }

  private static void stop(Stage stage) throws IOException {
    crash(stage, List.of(stage.postgres()::stopImmediately, stage.postgres()::stopFast));
  }

  private static void crash(Stage stage, List<Runnable> ways) throws IOException {
    WorkerFaults.two(stage);
    List<Long> pids = pids(stage);
    long slowest = 0;
    int rounds = Math.min(5, stage.plan().rounds());
    for (int i = 0; i < rounds; i++) {
      Moment.pause(Duration.ofSeconds(4));
      ways.get(i % ways.size()).run();
      Moment.pause(Duration.ofSeconds(1));
      slowest = Math.max(slowest, startAgain(stage));
    }
    stage.figure("crashes", rounds);
    stage.within("PostgreSQL back to first delivery", slowest, BACK);
    stage.expect(pids.equals(pids(stage)), "no worker needs a restart");
  }

  private static void away(Stage stage) throws IOException {
    WorkerFaults.two(stage);
    List<Long> pids = pids(stage);
    Moment.pause(Duration.ofSeconds(3));
    stage.postgres().stopImmediately();
    WorkerProcess worker = stage.fleet().get("A");
    stage.within(
        "PostgreSQL away to /readyz with 503",
        stage.await(
            "/readyz says 503", Duration.ofSeconds(20), () -> worker.status("/readyz") == 503),
        Duration.ofSeconds(5));
    stage.expect(worker.status("/livez") == 200, "a worker without a database is alive");
    double cpuBefore = Proc.cpuSeconds(worker.pid());
    Duration length = stage.plan().length();
    Moment.pause(length);
    double share = (Proc.cpuSeconds(worker.pid()) - cpuBefore) / length.toSeconds();
    stage.figure("CPU of a worker meanwhile", "%.1f %% of a core".formatted(share * 100));
    stage.expect(share < 0.05, "no busy loop while PostgreSQL is away");
    stage.within("PostgreSQL back to first delivery", startAgain(stage), BACK);
    stage.await("/readyz says 200", Duration.ofSeconds(10), () -> worker.status("/readyz") == 200);
    stage.expect(pids.equals(pids(stage)), "no worker needs a restart");
  }

  private static void terminateBackends(Stage stage) {
    WorkerFaults.two(stage);
    List<Long> pids = pids(stage);
    long until = Moment.now() + stage.plan().length().toMillis();
    long terminated = 0;
    while (Moment.now() < until) {
      Moment.pause(Duration.ofSeconds(2));
      terminated += terminateAll(stage);
    }
    stage.figure("backends terminated", terminated);
    stage.expect(pids.equals(pids(stage)), "no worker needs a restart");
  }

  static long terminateAll(Stage stage) {
    return WorkerFaults.number(
        stage,
        """
        select count(pg_terminate_backend(pid)) from pg_stat_activity
        where application_name like 'outbox-worker/%' and application_name <> 'outbox-worker/suite'
        """);
  }

  private static void stoppedBackend(Stage stage) {
    stage.fleet().start("A");
    Moment.pause(Duration.ofSeconds(5));
    String used =
        """
        from pg_stat_activity where application_name = 'outbox-worker/worker'
        order by query_start desc limit 1
        """;
    long backend = WorkerFaults.number(stage, "select pid " + used);
    int port =
        (int)
            WorkerFaults.number(
                stage, "select client_port from pg_stat_activity where pid = " + backend);
    long worker = stage.fleet().get("A").pid();
    Signal.send("STOP", backend);
    long stopped = Moment.now();
    try {
      stage.within(
          "silent connection given up",
          stage.await(
              "its connection is given up", Duration.ofSeconds(45), () -> !Proc.owns(worker, port)),
          Duration.ofSeconds(30));
      Moment.pause(Duration.ofMillis(Math.max(0, stopped + 45_000 - Moment.now())));
      stage.within(
          "longest silence",
          Lag.longestSilence(stage, stopped, Moment.now()),
          Duration.ofSeconds(32));
    } finally {
      Signal.send("CONT", backend);
    }
    stage.figure("stopped for", "%.0f s".formatted((Moment.now() - stopped) / 1000.0));
    stage.expect(stage.fleet().get("A").isAlive(), "the worker lives on");
  }

  private static void connections(Stage stage) throws SQLException {
    WorkerFaults.two(stage);
    List<Long> pids = pids(stage);
    Moment.pause(Duration.ofSeconds(3));
    List<Connection> taken = new ArrayList<>();
    long until = Moment.now() + 20_000;
    while (Moment.now() < until) {
      terminateAll(stage);
      takeAll(stage, taken);
    }
    stage.figure("connections taken", taken.size());
    stage.expect(
        stage.fleet().get("A").status("/readyz") == 503,
        "a worker without connections is not ready");
    long before = stage.farm().accepted();
    for (Connection connection : taken) {
      connection.close();
    }
    long back =
        stage.await("a delivery", BACK.multipliedBy(3), () -> stage.farm().accepted() > before);
    stage.within("connections free to first delivery", back, BACK);
    stage.expect(pids.equals(pids(stage)), "no worker needs a restart");
  }

  private static void takeAll(Stage stage, List<Connection> taken) {
    try {
      while (true) {
        taken.add(DriverManager.getConnection(stage.postgres().url() + "&connectTimeout=2"));
      }
    } catch (SQLException e) {
      // Nothing is left.
      Moment.pause(Duration.ofMillis(200));
    }
  }

  /** From the moment that PostgreSQL answers to the next POST that a receiver accepts. */
  static long startAgain(Stage stage) throws IOException {
    stage.postgres().startAgain();
    long before = stage.farm().accepted();
    return stage.await("a delivery", BACK.multipliedBy(3), () -> stage.farm().accepted() > before);
  }

  static List<Long> pids(Stage stage) {
    return stage.fleet().all().stream().map(WorkerProcess::pid).sorted().toList();
  }
}
