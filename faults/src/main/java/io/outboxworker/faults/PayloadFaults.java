package io.outboxworker.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/** Payloads that break parsers, fill memory or kill workers, among good ones. */
final class PayloadFaults {
  private static final int MAX_BYTES = 262_144;

  private PayloadFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.of("payloads", "payloads that break parsers", 0, PayloadFaults::odd),
        Fault.of(
            "killing-payload",
            "one payload kills every worker that sends it",
            3,
            PayloadFaults::killing),
        new Fault(
            "out-of-memory",
            "a worker with too little memory for its work",
            3,
            plan -> plan.withRate(20),
            PayloadFaults::outOfMemory),
        new Fault(
            "fan-out",
            "one event to 10,000 subscriptions, and a kill in the middle",
            1,
            plan -> plan.withRate(5),
            PayloadFaults::fanOut));
  }

  private static void odd(Stage stage) {
    WorkerFaults.two(stage);
    Moment.pause(Duration.ofSeconds(3));
    long begun = Moment.now();
    List<String> taken = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    odd().forEach((name, data) -> (isTaken(stage, data) ? taken : refused).add(name));
    stage.figure("taken", String.join(", ", taken));
    stage.figure("refused in the producer's transaction", String.join(", ", refused));
    stage.expect(
        Set.copyOf(refused).equals(Set.of("not an object", "one byte too long", "not JSON")),
        "what is not an object of 256 KiB at most is refused, and nothing else");
    Moment.pause(Duration.ofSeconds(10));
    long slowest = Lag.percentile(stage, 100, begun - 1_000, begun + 3_000);
    stage.within("slowest neighbour", slowest, Duration.ofSeconds(1));
  }

  private static Map<String, String> odd() {
    Map<String, String> odd = new LinkedHashMap<>();
    odd.put("the largest", "{\"a\":\"%s\"}".formatted("x".repeat(MAX_BYTES - 8)));
    odd.put("one byte too long", "{\"a\":\"%s\"}".formatted("x".repeat(MAX_BYTES - 7)));
    odd.put("10,000 levels", "{\"a\":%s%s}".formatted("[".repeat(10_000), "]".repeat(10_000)));
    odd.put("NUL", "{\"a\":\"\\u0000\"}");
    odd.put("lone surrogate", "{\"a\":\"\\ud800\"}");
    odd.put("duplicate keys", "{\"a\":1,\"a\":2, \"a\" : 3}");
    odd.put("number bomb", "{\"a\":[%s1]}".formatted("1e131071,".repeat(1_000)));
    odd.put("long number", "{\"a\":%s}".formatted("9".repeat(100_000)));
    odd.put("separators and emoji", "{\"\u2028\":\"\u2029 \ud83d\ude00 \u007f\"}");
    odd.put("the end of our own envelope", "{\"a\":\"},\\\"metadata\\\":{\"}");
    odd.put("empty", "{}");
    odd.put("not an object", "[1]");
    odd.put("not JSON", "{NaN}");
    return odd;
  }

  /** One of them. */
  static String any(Random random) {
    List<String> all = List.copyOf(odd().values());
    return all.get(random.nextInt(all.size()));
  }

  private static boolean isTaken(Stage stage, String data) {
    try {
      stage.writer().publish(stage.tenant(0), data);
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  private static void killing(Stage stage) {
    WorkerFaults.two(stage);
    AtomicInteger kills = new AtomicInteger();
    stage
        .farm()
        .behave(
            "/t0/s0",
            arrival -> {
              if (!arrival.body().contains("\"poison\"")) {
                return 204;
              }
              kills.incrementAndGet();
              stage.fleet().all().stream()
                  .filter(worker -> Proc.owns(worker.pid(), arrival.senderPort()))
                  .forEach(WorkerProcess::kill);
              return 0;
            });
    Moment.pause(Duration.ofSeconds(3));
    long begun = Moment.now();
    UUID poison = stage.writer().publish(stage.tenant(0), "{\"poison\":true}");
    long took =
        stage.await("the payload ends", Duration.ofSeconds(150), () -> lost(stage, poison) == 1);
    stage.within("the payload ended", took, Duration.ofSeconds(3 * 31));
    stage.figure("workers killed", kills.get());
    stage.expect(kills.get() == 3, "it is sent three times, was " + kills.get());
    stage.writer().stop();
    stage.await("the backlog drains", stage.plan().drainLimit(), stage::isDone);
    stage.expect(
        WorkerFaults.number(
                stage, "select count(*) from webhooks.delivery_log where status = 'failed'")
            == 1,
        "none of its neighbours fails");
    stage.within(
        "99 % of neighbours within",
        Lag.percentile(stage, 99, begun, Moment.now()), Duration.ofSeconds(1));
    stage.figure(
        "half of the neighbours within", Lag.percentile(stage, 50, begun, Moment.now()) + " ms");
    stage.figure("from insert to end", "%.1f s".formatted((Moment.now() - begun) / 1000.0));
  }

  private static long lost(Stage stage, UUID event) {
    return WorkerFaults.number(
        stage,
        "select count(*) from webhooks.delivery_log where event_id = '%s' and last_error = 'worker_lost'"
            .formatted(event));
  }

  private static void outOfMemory(Stage stage) {
    stage
        .fleet()
        .keepRunning("A", "OUTBOX_JAVA_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx36m");
    // What waits is taken in portions of 8 MiB.
    stage.fleet().get("A").signal("STOP");
    String large = "x".repeat(250_000);
    for (int i = 0; i < 400; i++) {
      stage.writer().publish(stage.tenant(i % 3), "{\"i\":%d,\"a\":\"%s\"}".formatted(i, large));
    }
    stage.fleet().get("A").signal("CONT");
    stage.await("out of memory", Duration.ofSeconds(60), () -> !stage.fleet().exits().isEmpty());
    stage.fleet().keepRunning("B");
    Moment.pause(Duration.ofSeconds(5));
    stage.fleet().retire("A");
    stage.writer().stop();
    stage.await("the backlog drains", stage.plan().drainLimit(), stage::isDone);
    List<Integer> codes = stage.fleet().exits().stream().map(Fleet.Exit::code).distinct().toList();
    stage.figure("exit codes", codes + " in " + stage.fleet().exits().size() + " ends");
    stage.expect(codes.equals(List.of(3)), "a worker without memory ends with 3, was " + codes);
    stage.figure(
        "resident memory of the heir",
        Proc.holding(stage.fleet().get("B").pid()).residentKilobytes() / 1024 + " MiB");
  }

  private static void fanOut(Stage stage) {
    UUID tenant = UUID.randomUUID();
    String path = "/many";
    stage.audience().subscribeMany(tenant, path, 10_000);
    WorkerFaults.two(stage);
    Moment.pause(Duration.ofSeconds(3));
    long begun = Moment.now();
    stage.writer().publish(tenant, "{\"to\":\"everybody\"}");
    stage.await("the middle", Duration.ofSeconds(20), () -> stage.farm().arrived(path) > 3_000);
    stage.fleet().get("A").kill();
    stage.figure("POSTs at the kill", stage.farm().arrived(path));
    stage.await(
        "the end",
        Stage.RECOVERY.multipliedBy(3),
        () -> count(stage, "delivery_log", tenant) == 10_000);
    stage.figure("all final after", "%.1f s".formatted((Moment.now() - begun) / 1000.0));
    stage.expect(
        count(stage, "delivery_log", tenant) == 10_000 && count(stage, "delivery", tenant) == 0,
        "exactly 10,000 deliveries");
  }

  private static long count(Stage stage, String table, UUID tenant) {
    return WorkerFaults.number(
        stage, "select count(*) from webhooks.%s where tenant_id = '%s'".formatted(table, tenant));
  }
}
