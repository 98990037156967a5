package io.outboxworker.faults;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Endpoints that hang, drip, reset, lie and flood, beside healthy ones. */
final class ReceiverFaults {
  /** Published at once, so that all of them are first attempts at the same time. */
  private static final int EVENTS = 3;

  private static final int SLOWEST_ATTEMPT_MILLIS = 10_250;
  private static final Duration FINAL = Duration.ofSeconds(48);
  private static final Duration IDLE = Duration.ofSeconds(1);
  private static final int RACERS = 20;

  private final Stage stage;
  private final UUID tenant = UUID.randomUUID();
  private final Zoo zoo;

  private ReceiverFaults(Stage stage) {
    this.stage = stage;
    this.zoo = new Zoo(stage, tenant);
  }

  static List<Fault> all() {
    return List.of(
        Fault.of(
            "receivers",
            "endpoints that hang, drip, reset, lie and flood, beside healthy ones",
            0,
            stage -> new ReceiverFaults(stage).strike()),
        Fault.of(
            "keep-alive",
            "endpoints that close idle connections when the next webhook comes, for --seconds",
            0,
            stage -> new ReceiverFaults(stage).race()));
  }

  /**
   * A receiver that leaves while a request is on its way has not read it, so nothing comes twice.
   */
  private void race() throws IOException {
    WorkerFaults.two(stage);
    List<Hostile> receivers = new ArrayList<>();
    for (int i = 0; i < RACERS; i++) {
      Hostile receiver =
          new Hostile(Hostile.listening(100), stage.farm(), ReceiverFaults::leaveWhenIdle).start();
      receivers.add(receiver);
      String path = "/racer/" + i;
      String url = "http://127.0.0.1:%d%s".formatted(receiver.port(), path);
      stage.audience().subscribeAt(tenant, url, path);
    }
    long until = Moment.now() + stage.plan().length().toMillis();
    while (Moment.now() < until) {
      stage.writer().publish(tenant, "{}");
      Moment.pause(IDLE.minusMillis(20).plusMillis(stage.random().nextInt(40)));
    }
    stage.await("all are final", FINAL, this::isFinal);
    receivers.forEach(Hostile::close);
    String ofRacers = " from webhooks.delivery_log where tenant_id = '%s'".formatted(tenant);
    long posts = WorkerFaults.number(stage, "select sum(attempts)" + ofRacers);
    long failed = WorkerFaults.number(stage, "select sum(attempts - 1)" + ofRacers);
    stage.figure("attempts, and failed ones of them", posts + ", " + failed);
    stage.expect(failed * 100 <= posts, "at most one of a hundred attempts fails");
    stage.expect(
        WorkerFaults.number(stage, "select count(*)" + ofRacers + " and status = 'failed'") == 0,
        "every one of them is delivered");
  }

  private static void leaveWhenIdle(Hostile.Visit visit) throws IOException {
    visit.leaveIdleAfter(IDLE);
    while (visit.read(200)) {
      visit.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  }

  private void strike() throws Exception {
    Path trusted = zoo.open();
    stage.fleet().start("A", "OUTBOX_CA_FILE", trusted.toString());
    stage.fleet().start("B", "OUTBOX_CA_FILE", trusted.toString());
    Moment.pause(Duration.ofSeconds(10));
    long socketsBefore = sockets();
    long begun = Moment.now();
    for (int i = 0; i < EVENTS; i++) {
      stage.writer().publish(tenant, "{\"hostile\":%d}".formatted(i));
    }
    stage.await("all are final", FINAL.multipliedBy(stage.plan().patience() + 1), this::isFinal);
    stage.within("all of them final", Moment.now() - begun, FINAL.plusSeconds(2));
    judge();
    zoo.retryAfters().judge(stage);
    stage.expect(
        WorkerFaults.number(
                stage,
                "select count(*) from webhooks.subscription where active and url like '%/gone'")
            == 0,
        "410 disables the subscription");
    stage.within(
        "sockets freed",
        stage.await("sockets freed", Duration.ofSeconds(20), () -> zoo.openConnections().isEmpty()),
        Duration.ofSeconds(6));
    zoo.openConnections().forEach((path, count) -> stage.figure("still open at " + path, count));
    stage.figure("sockets of the workers before and after", socketsBefore + ", " + sockets());
    stage.figure(
        "99 % of healthy POSTs within", Lag.percentile(stage, 99, begun, Moment.now()) + " ms");
    zoo.close();
  }

  private boolean isFinal() {
    return WorkerFaults.number(
            stage,
            "select count(*) from webhooks.delivery where tenant_id = '%s'".formatted(tenant))
        == 0;
  }

  private void judge() {
    zoo.expected()
        .forEach((path, what) -> {
          String seen =
              stage
                  .jdbi()
                  .withHandle(handle ->
                      handle
                          .createQuery(
                              """
                              select count(*) || ' ' || coalesce(string_agg(distinct status, ','), '') || ' ' || coalesce(max(attempts), 0)
                              from webhooks.delivery_log where url like :url
                              """)
                          .bind("url", "%" + path)
                          .mapTo(String.class)
                          .one());
          String promised =
              "%d %s %d"
                  .formatted(EVENTS, what.delivered() ? "delivered" : "failed", what.attempts());
          stage.expect(seen.equals(promised), "%s: %s, was %s".formatted(path, promised, seen));
        });
    long slowest =
        WorkerFaults.number(
            stage,
            """
            select max((h->>'duration_ms')::bigint)
            from webhooks.delivery_log, json_array_elements(history) h
            """);
    stage.figure("slowest attempt", slowest + " ms");
    stage.expect(
        slowest <= (long) SLOWEST_ATTEMPT_MILLIS * stage.plan().patience(),
        "each attempt ends within %d ms, one took %d".formatted(SLOWEST_ATTEMPT_MILLIS, slowest));
  }

  private long sockets() {
    return stage.fleet().all().stream()
        .mapToLong(worker -> Proc.holding(worker.pid()).sockets())
        .sum();
  }
}
