package io.outboxworker.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Transactions that commit late, snapshots that are held, clocks that are wrong. */
final class TimeFaults {
  private static final List<Path> FAKETIME =
      Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/lib64")
          .map(folder -> Path.of(folder, "faketime", "libfaketime.so.1"))
          .toList();

  private TimeFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.of(
            "late-commits",
            "transactions that stay open for --seconds before they commit",
            0,
            TimeFaults::lateCommits),
        Fault.of(
            "held-snapshot",
            "a snapshot is held under load, for --seconds",
            0,
            TimeFaults::heldSnapshot),
        Fault.of(
            "clocks",
            "a worker's clock is an hour ahead, behind, ten years ahead, for --seconds in all",
            0,
            TimeFaults::clocks));
  }

  private static void lateCommits(Stage stage) {
    WorkerFaults.two(stage);
    Duration length = stage.plan().length();
    for (int i = 0; i < 30; i++) {
      stage.writer().publishLate(stage.tenant(i % 3), length);
      Moment.pause(Duration.ofMillis(50));
    }
    Moment.pause(length.plusSeconds(2));
    stage.figure("held open for", length.toSeconds() + " s");
  }

  private static void heldSnapshot(Stage stage) throws SQLException {
    WorkerFaults.two(stage);
    Moment.pause(Duration.ofSeconds(5));
    long begun = Moment.now();
    try (Connection holder = DriverManager.getConnection(stage.postgres().url());
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("set transaction isolation level repeatable read");
      statement.execute("select 1");
      Moment.pause(stage.plan().length());
      long now = Moment.now();
      stage.figure(
          "99 % of events received within, first ten seconds",
          Lag.percentile(stage, 99, begun, begun + 10_000) + " ms");
      stage.within(
          "99 % of events received within, last ten seconds",
          Lag.percentile(stage, 99, now - 12_000, now - 2_000), Duration.ofSeconds(1));
      stage.figure(
          "dead rows of outbox and delivery",
          WorkerFaults.number(
              stage,
              """
              select sum(n_dead_tup)::bigint from pg_stat_user_tables
              where schemaname = 'webhooks' and relname in ('outbox', 'delivery')
              """));
      holder.rollback();
    }
    stage.figure("held for", stage.plan().length().toSeconds() + " s");
  }

  private static void clocks(Stage stage) throws IOException {
    Path library =
        FAKETIME.stream()
            .filter(Files::exists)
            .findFirst()
            .orElseThrow(() -> new Skipped("libfaketime is not installed"));
    Path offset = Files.writeString(stage.folder().resolve("offset"), "+1h");
    stage
        .fleet()
        .start(
            "A",
            "LD_PRELOAD",
            library.toString(),
            "FAKETIME_TIMESTAMP_FILE",
            offset.toString(),
            "FAKETIME_CACHE_DURATION",
            "1",
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "1",
            // Else a timed wait of the JVM ends at once, and the worker's loops run without a
            // pause.
            "FAKETIME_FORCE_MONOTONIC_FIX",
            "0");
    stage.fleet().start("B");
    Duration part = stage.plan().length().dividedBy(4);
    Moment.pause(part);
    for (String jump : List.of("-1h", "+10y", "+1h")) {
      Files.writeString(offset, jump);
      Moment.pause(part);
    }
    double orphans = stage.fleet().metric("webhook_orphans_recovered_total");
    stage.figure("deliveries taken from another worker", (long) orphans);
    stage.expect(orphans == 0, "no work is stolen");
    WorkerProcess wrong = stage.fleet().get("A");
    double before = wrong.metric("webhook_deliveries_total{").orElse(0);
    stage.await(
        "the worker with the wrong clock delivers as well",
        Duration.ofSeconds(20),
        () -> wrong.metric("webhook_deliveries_total{").orElse(0) > before);
  }
}
