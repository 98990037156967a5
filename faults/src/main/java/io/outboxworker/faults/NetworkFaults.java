package io.outboxworker.faults;

import java.time.Duration;
import java.util.List;

/** The network between a worker, or the business, and PostgreSQL. */
final class NetworkFaults {
  private NetworkFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.of("network-cut", "a worker's network is cut for 20 s", 1, NetworkFaults::cut),
        Fault.of(
            "network-half-open",
            "a worker's connections are dead, and nobody tells it",
            1,
            NetworkFaults::halfOpen),
        Fault.of(
            "network-slow",
            "each packet takes 50 ms longer, for --seconds",
            1,
            NetworkFaults::slow),
        Fault.of(
            "commit-in-doubt",
            "connections break in COMMIT, of workers and of the business, for --seconds",
            1,
            NetworkFaults::inDoubt));
  }

  private static void cut(Stage stage) {
    two(stage);
    Moment.pause(Duration.ofSeconds(4));
    stage.wire("A").cut();
    Moment.pause(Duration.ofSeconds(20));
    stage.wire("A").mend();
    delivers(stage, "network back to the worker's first delivery", Duration.ofSeconds(10));
  }

  private static void halfOpen(Stage stage) {
    two(stage);
    Moment.pause(Duration.ofSeconds(4));
    stage.wire("A").halfOpen();
    delivers(stage, "half-open to the worker's next delivery", Duration.ofSeconds(41));
  }

  private static void slow(Stage stage) {
    two(stage);
    stage.wire("A").slow(Duration.ofMillis(50));
    stage.wire("B").slow(Duration.ofMillis(50));
    Moment.pause(stage.plan().length());
    stage.wire("A").mend();
    stage.wire("B").mend();
  }

  private static void inDoubt(Stage stage) {
    two(stage);
    Moment.pause(Duration.ofSeconds(2));
    int[] commits = {0};
    Wire.Rule everyTenthCommit =
        (connection, fromServer, piece) -> {
          if (fromServer || !piece.contains("COMMIT")) {
            return Wire.Action.PASS;
          }
          synchronized (commits) {
            commits[0]++;
            return commits[0] % 10 != 0
                ? Wire.Action.PASS
                : commits[0] % 20 == 0 ? Wire.Action.CUT : Wire.Action.PASS_AND_CUT;
          }
        };
    stage.wire("A").obey(everyTenthCommit);
    stage.wire("B").obey(everyTenthCommit);
    stage.writerWire().obey(everyTenthCommit);
    Moment.pause(stage.plan().length());
    stage.wire("A").mend();
    stage.wire("B").mend();
    stage.writerWire().mend();
    stage.writer().stop();
    stage.await("the backlog drains", stage.plan().drainLimit(), stage::isDone);
    stage.figure("commits seen", commits[0]);
    countersAgree(stage);
  }

  /** What the workers count is what the log holds, although none of them saw every answer. */
  static void countersAgree(Stage stage) {
    long logged = WorkerFaults.number(stage, "select count(*) from webhooks.delivery_log");
    long counted = (long) stage.fleet().metric("webhook_deliveries_total{");
    stage.figure("deliveries in the log, and counted", logged + ", " + counted);
    stage.expect(counted == logged, "metrics and tables agree");
  }

  private static void two(Stage stage) {
    stage.fleet().start("A", stage.over("A"));
    stage.fleet().start("B", stage.over("B"));
  }

  /** Worker A makes an attempt: its counter of them grows. */
  private static void delivers(Stage stage, String what, Duration bound) {
    WorkerProcess worker = stage.fleet().get("A");
    double before = recorded(worker);
    long took = stage.await(what, bound.multipliedBy(2), () -> recorded(worker) > before);
    stage.within(what, took, bound);
    stage.expect(worker.isAlive(), "the worker lives on");
  }

  private static double recorded(WorkerProcess worker) {
    return worker.metric("webhook_deliveries_total{").orElse(0);
  }
}
