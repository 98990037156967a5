package io.outboxworker.faults;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** Workers that are killed, stopped, paused. */
final class WorkerFaults {
  private static final int CLAIMS = 3;

  private WorkerFaults() {}

  static List<Fault> all() {
    return List.of(
        Fault.of("none", "nothing breaks, --seconds long", 0, WorkerFaults::none),
        Fault.of(
            "kill", "kill -9 of a worker at random, --rounds times", CLAIMS, WorkerFaults::kill),
        Fault.of(
            "kill-before-post",
            "kill -9 after the claim is committed and before its POST",
            1,
            WorkerFaults::killBeforePost),
        Fault.of(
            "kill-in-post",
            "the receiver kills the worker after it has read the request",
            1,
            WorkerFaults::killInPost),
        Fault.of(
            "kill-before-record",
            "kill -9 after the 2xx and before it is recorded",
            1,
            WorkerFaults::killBeforeRecord),
        Fault.of(
            "terminate",
            "SIGTERM under load every 10 s, --rounds times",
            0,
            WorkerFaults::terminate),
        Fault.of("zombie", "SIGSTOP for longer than the lease", 1, WorkerFaults::zombie),
        Fault.of("pause", "SIGSTOP for 5 s, --rounds times, five at most", 0, WorkerFaults::pause));
  }

  private static void none(Stage stage) {
    two(stage);
    Moment.pause(stage.plan().length());
  }

  private static void kill(Stage stage) {
    two(stage);
    for (int i = 0; i < stage.plan().rounds(); i++) {
      Moment.pause(Duration.ofMillis(500 + stage.random().nextInt(2_500)));
      String victim = stage.random().nextBoolean() ? "A" : "B";
      stage.fleet().awaitReady(victim);
      stage.fleet().get(victim).kill();
    }
    stage.figure("kills", stage.plan().rounds());
    stage.figure(
        "ended as lost at the last of them",
        number(
            stage, "select count(*) from webhooks.delivery_log where last_error = 'worker_lost'"));
    long last = Moment.now();
    stage.writer().stop();
    stage.await("recovery", Stage.RECOVERY.plusSeconds(30), stage::isDone);
    stage.within(
        "recovery after the last kill", Moment.now() - last, Stage.RECOVERY.plusSeconds(5));
  }

  private static void killBeforePost(Stage stage) {
    String marker = "claimed-but-not-sent";
    stage.fleet().start("A", stage.over("A"));
    stage
        .wire("A")
        .obey((connection, fromServer, piece) ->
            fromServer && piece.contains(marker) ? Wire.Action.HOLD : Wire.Action.PASS);
    UUID event = stage.writer().publish(stage.tenant(0), "{\"marker\":\"%s\"}".formatted(marker));
    stage.await("the claim", Duration.ofSeconds(10), () -> leased(stage, event) > 0);
    Moment.pause(Duration.ofSeconds(1));
    stage.expect(stage.receiptsOf(event).isEmpty(), "nothing is sent before the claim is answered");
    stage.fleet().get("A").kill();
    long killed = Moment.now();
    stage.fleet().start("B");
    stage.await("recovery", Stage.RECOVERY.plusSeconds(30), () -> finished(stage, event) == 3);
    stage.within("recovery", Moment.now() - killed, Stage.RECOVERY);
    stage.expect(stage.receiptsOf(event).size() == 3, "each of its deliveries is sent once");
  }

  private static void killInPost(Stage stage) {
    String path = "/t0/s0";
    WorkerProcess victim = stage.fleet().start("A");
    UUID[] struck = {new UUID(0, 0)};
    long[] killed = {0};
    stage
        .farm()
        .behave(
            path,
            arrival -> {
              if (killed[0] == 0) {
                struck[0] = arrival.delivery();
                killed[0] = Moment.now();
                victim.kill();
                return 0;
              }
              return 204;
            });
    stage.await("the kill", Duration.ofSeconds(20), () -> !victim.isAlive());
    stage.fleet().start("B");
    awaitAgain(stage, struck[0], killed[0]);
  }

  private static void killBeforeRecord(Stage stage) {
    String path = "/t0/only-here";
    Subscriber subscriber = stage.audience().subscribe(stage.tenant(0), path);
    stage.fleet().start("A", stage.over("A"));
    stage
        .wire("A")
        .obey((connection, fromServer, piece) ->
            !fromServer && piece.contains(path) ? Wire.Action.HOLD : Wire.Action.PASS);
    long before = stage.farm().arrived();
    stage.await("a POST", Duration.ofSeconds(20), () -> stage.farm().arrived() > before + 20);
    stage.await(
        "a POST that is not recorded",
        Duration.ofSeconds(20),
        () -> unrecorded(stage, subscriber) > 0);
    Moment.pause(Duration.ofSeconds(1));
    stage.fleet().get("A").kill();
    long killed = Moment.now();
    stage.fleet().start("B");
    stage.writer().stop();
    stage.await("recovery", Stage.RECOVERY.plusSeconds(30), stage::isDone);
    stage.within("recovery", Moment.now() - killed, Stage.RECOVERY.plusSeconds(3));
  }

  private static void terminate(Stage stage) {
    two(stage);
    long begun = Moment.now();
    long slowest = 0;
    for (int i = 0; i < stage.plan().rounds(); i++) {
      Moment.pause(Duration.ofSeconds(10));
      String name = i % 2 == 0 ? "A" : "B";
      stage.fleet().awaitReady(name);
      WorkerProcess worker = stage.fleet().get(name);
      long asked = Moment.now();
      worker.signal("TERM");
      int code = worker.awaitExit(Duration.ofSeconds(30));
      slowest = Math.max(slowest, Moment.now() - asked);
      stage.expect(code == 0, "a worker that is told to stop ends with 0, was " + code);
    }
    stage.figure("stops", stage.plan().rounds());
    stage.within("slowest stop", slowest, Duration.ofSeconds(15));
    stage.within(
        "longest silence", Lag.longestSilence(stage, begun, Moment.now()), Duration.ofSeconds(1));
  }

  private static void zombie(Stage stage) {
    two(stage);
    Moment.pause(Duration.ofSeconds(5));
    WorkerProcess zombie = stage.fleet().get("A");
    double lostBefore = zombie.metric("webhook_lease_lost_total").orElse(0);
    zombie.signal("STOP");
    Moment.pause(Duration.ofSeconds(35));
    long woken = Instant.now().getEpochSecond();
    zombie.signal("CONT");
    stage.await(
        "the zombie answers again", Duration.ofSeconds(20), () -> zombie.status("/livez") == 200);
    stage.await(
        "late results are refused and counted",
        Duration.ofSeconds(10),
        () -> zombie.metric("webhook_lease_lost_total").orElse(0) > lostBefore);
    stage.figure(
        "late results refused",
        (long) (zombie.metric("webhook_lease_lost_total").orElse(0) - lostBefore));
    Moment.pause(Duration.ofSeconds(5));
    stage.expect(zombie.isAlive(), "a worker that was paused lives on");
    long again = Retries.repeatedSince(stage.receipts(), woken);
    stage.expect(again == 0, "no POST begins after its lease has passed, were " + again);
  }

  private static void pause(Stage stage) {
    two(stage);
    for (int i = 0; i < stage.plan().rounds() && i < 5; i++) {
      Moment.pause(Duration.ofSeconds(3));
      WorkerProcess worker = stage.fleet().get(i % 2 == 0 ? "A" : "B");
      worker.signal("STOP");
      Moment.pause(Duration.ofSeconds(5));
      worker.signal("CONT");
    }
    long taken = (long) stage.fleet().metric("webhook_orphans_recovered_total");
    stage.figure("deliveries taken from a paused worker", taken);
    stage.expect(taken == 0, "what stands still for less than a lease keeps its work");
  }

  static void two(Stage stage) {
    stage.fleet().keepRunning("A");
    stage.fleet().keepRunning("B");
  }

  private static void awaitAgain(Stage stage, UUID delivery, long killed) {
    stage.await(
        "the POST comes again",
        Stage.RECOVERY.plusSeconds(30),
        () ->
            number(
                    stage,
                    "select count(*) from webhooks.delivery_log where id = '" + delivery + "'")
                == 1);
    stage.within("recovery", Moment.now() - killed, Stage.RECOVERY);
  }

  private static long leased(Stage stage, UUID event) {
    return number(
        stage,
        "select count(*) from webhooks.delivery where lease_until is not null and event_id = '%s'"
            .formatted(event));
  }

  private static long finished(Stage stage, UUID event) {
    return number(
        stage, "select count(*) from webhooks.delivery_log where event_id = '%s'".formatted(event));
  }

  private static long unrecorded(Stage stage, Subscriber subscriber) {
    return number(
        stage,
        """
        select count(*) from webhooks.delivery
        where subscription_id = '%s' and lease_until is not null
        """
            .formatted(subscriber.id()));
  }

  static long number(Stage stage, String query) {
    return stage.jdbi().withHandle(h -> h.createQuery(query).mapTo(Long.class).one());
  }
}
