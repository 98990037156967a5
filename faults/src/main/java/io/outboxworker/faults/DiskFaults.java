package io.outboxworker.faults;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Disks that are full, of PostgreSQL and of the worker's log, and a log that nobody reads. */
final class DiskFaults {
  /** Every delivery is a line then, so that a log is soon as full as it gets. */
  private static final String[] TALKATIVE = {"OUTBOX_LOG_LEVEL", "debug"};

  private DiskFaults() {}

  static List<Fault> all() {
    return List.of(
        new Fault(
            "disk-full",
            "PostgreSQL's disk is full, and then not",
            DatabaseFaults.FORGETFUL,
            plan -> plan.withPostgres("max_wal_size", "64MB").onDiskOf("300m"),
            DiskFaults::diskFull),
        Fault.of("log-full", "the disk of a worker's log is full", 0, DiskFaults::logFull),
        Fault.of(
            "log-blocked",
            "a worker's log is a pipe that nobody reads",
            0,
            DiskFaults::logBlocked));
  }

  private static void diskFull(Stage stage) throws IOException {
    WorkerFaults.two(stage);
    List<Long> pids = DatabaseFaults.pids(stage);
    Moment.pause(Duration.ofSeconds(4));
    Path filler = stage.postgres().data().resolve("filler");
    fill(filler);
    Moment.pause(Duration.ofSeconds(15));
    boolean crashed = !stage.postgres().answers();
    stage.figure("PostgreSQL crashed on the full disk", crashed);
    Files.delete(filler);
    long back;
    if (crashed) {
      stage.postgres().stopImmediately();
      back = DatabaseFaults.startAgain(stage);
    } else {
      long before = stage.farm().accepted();
      back =
          stage.await(
              "a delivery",
              DatabaseFaults.BACK.multipliedBy(3),
              () -> stage.farm().accepted() > before);
    }
    stage.within("disk free to first delivery", back, DatabaseFaults.BACK);
    stage.expect(pids.equals(DatabaseFaults.pids(stage)), "no worker needs a restart");
  }

  private static void fill(Path file) {
    byte[] block = new byte[65_536];
    try (OutputStream out = Files.newOutputStream(file)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      // Full.
    }
  }

  private static void logFull(Stage stage) throws IOException {
    try (Disk disk = Disk.mount(stage.folder().resolve("log-disk"), "256k")) {
      Path log = disk.folder().resolve("A.log");
      WorkerProcess worker =
          stage.fleet().startLogging("A", Redirect.appendTo(log.toFile()), TALKATIVE);
      fill(disk.folder().resolve("filler"));
      deliversOn(stage, worker);
      stage.figure("bytes of the log that found room", Files.size(log));
      worker.kill();
    }
  }

  private static void logBlocked(Stage stage) {
    WorkerProcess worker = stage.fleet().startLogging("A", Redirect.PIPE, TALKATIVE);
    deliversOn(stage, worker);
    worker.signal("TERM");
    int code = worker.awaitExit(Duration.ofSeconds(20));
    stage.expect(code == 0, "a worker that is told to stop ends with 0, was " + code);
  }

  /** After so many lines a pipe of 64 KiB is long full. */
  private static void deliversOn(Stage stage, WorkerProcess worker) {
    stage.await(
        "2,000 deliveries",
        Duration.ofSeconds(2_000 / stage.plan().perSecond() + 30),
        () -> stage.farm().accepted() > 2_000);
    stage.writer().stop();
    stage.await("the backlog drains", stage.plan().drainLimit(), stage::isDone);
    stage.expect(worker.isAlive(), "the worker lives on");
    stage.expect(worker.status("/readyz") == 200, "the worker is ready");
  }
}
