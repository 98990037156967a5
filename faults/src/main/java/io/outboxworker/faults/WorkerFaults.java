package io.outboxworker.faults;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;

/** Workers that are killed, stopped, paused. */
final class WorkerFaults {
  private static final int CLAIMS = 3;

  private WorkerFaults() {}

  static List<Fault> all() {
    UnaryOperator<Plan> asIs = plan -> plan;
    return List.of(
        new Fault("none", "nothing breaks", 0, asIs, WorkerFaults::none),
        new Fault("kill", "kill -9 of a worker at random", CLAIMS, asIs, WorkerFaults::kill),
        new Fault(
            "kill-before-post",
            "kill -9 after the claim is committed and before its POST",
            1,
            asIs,
            WorkerFaults::killBeforePost),
        new Fault(
            "kill-in-post",
            "the receiver kills the worker after it has read the request",
            1,
            asIs,
            WorkerFaults::killInPost),
        new Fault(
            "kill-before-record",
            "kill -9 after the 2xx and before it is recorded",
            1,
            asIs,
            WorkerFaults::killBeforeRecord),
        new Fault("terminate", "SIGTERM under load", 0, asIs, WorkerFaults::terminate),
        new Fault("zombie", "SIGSTOP for longer than the lease", 1, asIs, WorkerFaults::zombie),
        new Fault("pause", "SIGSTOP for 5 s", 0, asIs, WorkerFaults::pause));
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
    long slowest = 0;
    for (int i = 0; i < stage.plan().rounds(); i++) {
      Moment.pause(Duration.ofSeconds(10).dividedBy(stage.plan().rounds() > 3 ? 1 : 4));
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
  }

  private static void zombie(Stage stage) {
    two(stage);
    Moment.pause(Duration.ofSeconds(5));
    WorkerProcess zombie = stage.fleet().get("A");
    double lostBefore = zombie.metric("webhook_lease_lost_total").orElse(0);
    zombie.signal("STOP");
    Moment.pause(Duration.ofSeconds(35));
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
    stage.figure(
        "deliveries taken from a paused worker",
        (long) stage.fleet().metric("webhook_orphans_recovered_total"));
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
