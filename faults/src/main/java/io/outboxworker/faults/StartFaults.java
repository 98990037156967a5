package io.outboxworker.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** First starts at the same time, and migrations under load. */
final class StartFaults {
  private static final int WORKERS = 8;

  private StartFaults() {}

  static List<Fault> all() {
    return List.of(
        new Fault(
            "first-starts",
            "eight workers start at once on an empty database",
            0,
            Plan::unmigrated,
            StartFaults::eightFirstStarts),
        Fault.of(
            "migration",
            "a new version migrates behind a long transaction; old workers go on, one is killed",
            1,
            StartFaults::migration));
  }

  private static void eightFirstStarts(Stage stage) {
    List<Thread> starts = new ArrayList<>();
    long begun = Moment.now();
    List<String> names = IntStream.range(0, WORKERS).mapToObj(i -> "W" + i).toList();
    for (String name : names) {
      starts.add(Thread.ofVirtual().start(() -> stage.fleet().startMigrating(name)));
    }
    for (Thread start : starts) {
      try {
        start.join();
      } catch (InterruptedException e) {
        throw Moment.interrupted(e);
      }
    }
    stage.within("all ready", Moment.now() - begun, Duration.ofSeconds(30));
    stage.expect(
        stage.fleet().all().size() == WORKERS
            && stage.fleet().all().stream().allMatch(worker -> worker.status("/readyz") == 200),
        "every one of them becomes ready");
    names.subList(2, WORKERS).forEach(stage.fleet()::retire);
    stage.begin();
    Moment.pause(Duration.ofSeconds(5));
  }

  private static void migration(Stage stage) throws IOException, SQLException {
    WorkerFaults.two(stage);
    // A table that is never without a transaction for 0.3 s can't be altered without a longer wait.
    stage.writer().holdNone();
    Moment.pause(Duration.ofSeconds(6));
    Path newer = newerVersion(stage.folder());
    stage.writer().slowestInsert();
    long begun = Moment.now();
    Process migrating;
    try (Connection holder = DriverManager.getConnection(stage.postgres().url());
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("select count(*) from webhooks.outbox");
      migrating = stage.fleet().migrate("-Xbootclasspath/a:" + newer);
      Moment.pause(Duration.ofSeconds(20));
      stage.expect(migrating.isAlive(), "the migration waits for the long transaction");
      holder.rollback();
    }
    stage.await("the migration", Duration.ofSeconds(60), () -> !migrating.isAlive());
    int code = migrating.isAlive() ? -1 : migrating.exitValue();
    migrating.destroyForcibly();
    stage.expect(code == 0, "the migration succeeds, was " + code);
    stage.figure("migration took", "%.1f s".formatted((Moment.now() - begun) / 1000.0));
    stage.within(
        "slowest INSERT of a producer", stage.writer().slowestInsert(), Duration.ofMillis(600));
    stage.fleet().get("B").kill();
    stage.fleet().awaitReady("B");
    stage.figure("an old worker starts on the newer schema", "yes");
    Moment.pause(Duration.ofSeconds(5));
  }

  /** What the next version may bring: a column of a hot table. */
  private static Path newerVersion(Path folder) throws IOException {
    Path migrations = Files.createDirectories(folder.resolve("newer/db/migration"));
    Files.writeString(
        migrations.resolve("V900__newer.sql"),
        """
        alter table webhooks.outbox add column newer text;
        alter table webhooks.delivery add column newer text;
        """);
    return folder.resolve("newer");
  }
}
