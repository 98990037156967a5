package io.outboxworker.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/** Several faults in one run, one after the other and at the same time. */
final class CombinedFaults {
  /** So many leases of one delivery may be lost before it ends as lost itself. */
  private static final int CLAIMS = 3;

  /** After this connections and threads that nobody uses are gone. */
  private static final Duration SETTLING = Duration.ofSeconds(20);

  private static final int SAMPLES = 20;

  /** A JVM that is younger fills its heap for the first time, which looks like a leak. */
  private static final Duration WARM = Duration.ofMinutes(10);

  /** Between the first third of a run and the last. */
  private static final long MOST_GROWTH_MEBIBYTES = 64;

  private static final long MOST_RESIDENT_KILOBYTES = 512 * 1024;

  private CombinedFaults() {}

  static List<Fault> all() {
    return List.of(
        inShort(),
        Fault.of(
            "all-at-once",
            "all of it for --seconds: workers, PostgreSQL, network, payloads, hostile receivers",
            CLAIMS,
            CombinedFaults::allAtOnce),
        new Fault(
            "soak",
            "a fault every ten seconds, for --seconds; memory, threads and sockets return to base",
            CLAIMS,
            plan -> plan.withRate(50),
            CombinedFaults::soak));
  }

  /** What every build runs: an attempt's limit of 2 s makes leases short. */
  static Fault inShort() {
    return new Fault(
        "short",
        "kill, zombie, SIGTERM, terminated backends and a crash of PostgreSQL, one after the other",
        CLAIMS,
        plan -> plan.withWorker("OUTBOX_ATTEMPT_TIMEOUT", "2s"),
        CombinedFaults::oneAfterTheOther);
  }

  private static void oneAfterTheOther(Stage stage) throws IOException {
    WorkerFaults.two(stage);
    stage.fleet().start("Z");
    Moment.pause(Duration.ofSeconds(2));
    WorkerProcess zombie = stage.fleet().get("Z");
    zombie.signal("STOP");
    long stopped = Moment.now();
    stage.fleet().get("A").kill();
    stage.fleet().awaitReady("A");
    stage.figure("backends terminated", DatabaseFaults.terminateAll(stage));
    stage.postgres().kill();
    Moment.pause(Duration.ofSeconds(1));
    stage.within(
        "PostgreSQL back to first delivery",
        DatabaseFaults.startAgain(stage),
        Duration.ofSeconds(10));
    WorkerProcess told = stage.fleet().get("B");
    told.signal("TERM");
    int code = told.awaitExit(Duration.ofSeconds(20));
    stage.expect(code == 0, "a worker that is told to stop ends with 0, was " + code);
    Moment.pause(Duration.ofMillis(Math.max(0, stopped + 20_000 - Moment.now())));
    zombie.signal("CONT");
    stage.await(
        "the zombie answers again", Duration.ofSeconds(20), () -> zombie.status("/livez") == 200);
    Moment.pause(Duration.ofSeconds(2));
    stage.expect(zombie.isAlive(), "a worker that was paused lives on");
    stage.figure("late results refused", zombie.metric("webhook_lease_lost_total").orElse(0));
  }

  /** Beside hostile receivers, which begin when the workers have come to rest. */
  private static void allAtOnce(Stage stage) throws Exception {
    UUID tenant = UUID.randomUUID();
    Zoo zoo = new Zoo(stage, tenant);
    zoo.open();
    try {
      strikes(
          stage,
          () -> stage.writer().publish(tenant, "{\"to\":\"the hostile\"}"),
          () -> Duration.ofMillis(1_000 + stage.random().nextInt(3_000)));
    } finally {
      zoo.close();
    }
  }

  private static void soak(Stage stage) throws IOException {
    strikes(stage, () -> {}, () -> Duration.ofSeconds(10));
  }

  /** Worker C is never killed: what it holds tells whether anything leaks. */
  private static void strikes(Stage stage, Runnable first, Supplier<Duration> pause)
      throws IOException {
    WorkerFaults.two(stage);
    stage.fleet().start("C", stage.over("C"));
    Moment.pause(SETTLING);
    WorkerProcess steady = stage.fleet().get("C");
    Proc.Holding before = Proc.holding(steady.pid());
    first.run();
    List<Long> resident = new ArrayList<>();
    long begun = Moment.now();
    long until = begun + stage.plan().length().toMillis();
    int struck = 0;
    while (Moment.now() < until) {
      Moment.pause(pause.get());
      strike(stage, stage.random().nextInt(8));
      struck++;
      if (Moment.now() > begun + resident.size() * stage.plan().length().toMillis() / SAMPLES) {
        resident.add(Proc.holding(steady.pid()).residentKilobytes() / 1024);
      }
    }
    stage.wire("C").mend();
    stage.figure("faults", struck);
    stage.figure("resident memory, MiB", resident);
    if (stage.plan().length().compareTo(WARM) >= 0) {
      long grown = mean(resident, 2) - mean(resident, 0);
      stage.expect(grown <= MOST_GROWTH_MEBIBYTES, "memory stays, grew by %d MiB".formatted(grown));
    }
    returnsToBase(stage, steady, before);
  }

  /** Of one third of these, 0 to 2. */
  private static long mean(List<Long> values, int third) {
    int size = values.size();
    return (long)
        values.subList(size * third / 3, size * (third + 1) / 3).stream()
            .mapToLong(value -> value)
            .average()
            .orElse(0);
  }

  private static void returnsToBase(Stage stage, WorkerProcess steady, Proc.Holding before) {
    stage.writer().stop();
    stage.await("the backlog drains", stage.plan().drainLimit(), stage::isDone);
    Moment.pause(SETTLING);
    Proc.Holding after = Proc.holding(steady.pid());
    stage.figure("threads before and after", before.threads() + ", " + after.threads());
    stage.figure("sockets before and after", before.sockets() + ", " + after.sockets());
    stage.expect(after.threads() - before.threads() <= 10, "threads return to base");
    stage.expect(after.sockets() - before.sockets() <= 10, "sockets return to base");
    stage.expect(
        after.residentKilobytes() < MOST_RESIDENT_KILOBYTES,
        "memory stays below 512 MiB, was %d kB".formatted(after.residentKilobytes()));
    stage.expect(steady.isAlive(), "the worker lives on");
  }

  private static void strike(Stage stage, int lot) throws IOException {
    String name = stage.random().nextBoolean() ? "A" : "B";
    switch (lot) {
      case 0 -> stage.fleet().get(name).kill();
      case 1 -> stage.fleet().get(name).signal("TERM");
      case 2 -> {
        WorkerProcess paused = stage.fleet().get(name);
        paused.signal("STOP");
        Moment.pause(Duration.ofSeconds(3));
        paused.signal("CONT");
      }
      case 6 -> stage.writer().offer(stage.tenant(0), PayloadFaults.any(stage.random()));
      case 3 -> DatabaseFaults.terminateAll(stage);
      case 4 -> {
        stage.postgres().kill();
        stage.postgres().startAgain();
      }
      case 5 -> {
        stage.wire("C").cut();
        Moment.pause(Duration.ofSeconds(3));
        stage.wire("C").mend();
      }
      default -> stage.writer().publishLate(stage.tenant(0), Duration.ofSeconds(10));
    }
  }
}
