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
        new Fault(
            "postgres-kill",
            "kill -9 of the postmaster",
            FORGETFUL,
            plan -> plan,
            DatabaseFaults::kill),
        new Fault(
            "postgres-kill-waiting",
            "the same, with workers that wait for their commits",
            1,
            Plan::waitingForCommits,
            DatabaseFaults::kill),
        new Fault(
            "postgres-stop",
            "immediate and fast stops",
            FORGETFUL,
            plan -> plan,
            DatabaseFaults::stop),
        new Fault(
            "postgres-away",
            "PostgreSQL is down for a minute",
            FORGETFUL,
            plan -> plan,
            DatabaseFaults::away),
        new Fault(
            "terminate-backends",
            "the worker's backends are terminated every 2 s",
            1,
            plan -> plan,
            DatabaseFaults::terminateBackends),
        new Fault(
            "stopped-backend",
            "one backend of the worker stops answering",
            1,
            plan -> plan,
            DatabaseFaults::stoppedBackend),
        new Fault(
            "connections",
            "others use up every connection",
            1,
            plan -> plan,
            DatabaseFaults::connections));
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
    stage.await("/readyz says 503", Duration.ofSeconds(10), () -> worker.status("/readyz") == 503);
    stage.expect(worker.status("/livez") == 200, "a worker without a database is alive");
    double cpuBefore = Proc.cpuSeconds(worker.pid());
    Duration length = stage.plan().length();
    Moment.pause(length);
    double share = (Proc.cpuSeconds(worker.pid()) - cpuBefore) / length.toSeconds();
    stage.figure("CPU of a worker meanwhile", "%.1f %% of a core".formatted(share * 100));
    stage.expect(share < 0.1, "no busy loop while PostgreSQL is away");
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
    long backend =
        WorkerFaults.number(
            stage,
            """
            select pid from pg_stat_activity where application_name = 'outbox-worker/worker'
            order by query_start desc limit 1
            """);
    Signal.send("STOP", backend);
    long stopped = Moment.now();
    try {
      Moment.pause(Duration.ofSeconds(2));
      long gap = longestGap(stage, Duration.ofSeconds(43));
      stage.within("longest silence", gap, Duration.ofSeconds(32));
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

  /** The longest time without a POST. */
  static long longestGap(Stage stage, Duration during) {
    long until = Moment.now() + during.toMillis();
    long longest = 0;
    while (Moment.now() < until) {
      longest = Math.max(longest, Moment.now() - stage.farm().lastArrival());
      Moment.pause(Duration.ofMillis(20));
    }
    return longest;
  }

  static List<Long> pids(Stage stage) {
    return stage.fleet().all().stream().map(WorkerProcess::pid).sorted().toList();
  }
}
