package io.outboxworker.faults;

import io.outboxworker.faults.Names.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/** DNS that fails, hangs and changes its mind. */
final class NameFaults {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  /** More than a worker looks up at a time. */
  private static final int HANGING = 300;

  private final Stage stage;
  private final UUID tenant = UUID.randomUUID();

  private NameFaults(Stage stage) {
    this.stage = stage;
  }

  static List<Fault> all() {
    return List.of(
        Fault.of(
            "names-fail",
            "DNS fails for 2 s, then answers; another name moves",
            0,
            stage -> new NameFaults(stage).failAndMove()),
        Fault.of(
            "names-hang",
            "DNS never answers for 300 names, and does for others",
            0,
            stage -> new NameFaults(stage).hang()));
  }

  private void failAndMove() throws IOException {
    Hostile old = receiver("127.0.7.1", 0);
    try (Names names = Names.start("127.0.7.53");
        Hostile moved = receiver("127.0.7.2", old.port())) {
      names.answer("fails.test", Answer.FAILS);
      names.answer("moves.test", Answer.at("127.0.7.1"));
      start(names);
      subscribe(tenant, "fails", "fails.test", old.port());
      subscribe(tenant, "moves", "moves.test", old.port());
      UUID first = stage.writer().publish(tenant, "{\"n\":1}");
      Moment.pause(Duration.ofSeconds(2));
      names.answer("fails.test", Answer.at("127.0.7.1"));
      stage.await("the name is found", Duration.ofSeconds(20), () -> delivered(first) == 2);
      long attempts =
          WorkerFaults.number(
              stage,
              "select max(attempts) from webhooks.delivery_log where event_id = '%s'"
                  .formatted(first));
      stage.expect(
          attempts <= 3,
          "DNS that fails for 2 s costs two attempts at most, was " + (attempts - 1));

      UUID second = stage.writer().publish(tenant, "{\"n\":2}");
      stage.await("delivered where it was", Duration.ofSeconds(20), () -> delivered(second) == 2);
      names.answer("fails.test", Answer.at("127.0.7.2"));
      names.answer("moves.test", Answer.at("127.0.7.2"));
      old.close();
      UUID third = stage.writer().publish(tenant, "{\"n\":3}");
      long found =
          stage.await("delivered where it is", Duration.ofSeconds(30), () -> delivered(third) == 2);
      stage.within("a host that moved and left nobody is found", found, Duration.ofSeconds(4));
      stage.figure("connections to where it is", moved.openConnections());
    }
  }

  private void hang() throws IOException {
    try (Names names = Names.start("127.0.7.53");
        Hostile receiver = receiver("127.0.7.1", 0)) {
      names.keepSilentAbout(".hang.test");
      start(names);
      for (int i = 0; i < HANGING; i++) {
        subscribe(tenant, "hang/" + i, "h%d.hang.test".formatted(i), receiver.port());
      }
      long begun = Moment.now();
      stage.writer().publish(tenant, "{\"to\":\"nobody\"}");
      for (int i = 0; i < 10; i++) {
        UUID others = UUID.randomUUID();
        String host = "quick%d.test".formatted(i);
        names.answer(host, Answer.at("127.0.7.1"));
        subscribe(others, "quick/" + i, host, receiver.port());
        Moment.pause(Duration.ofSeconds(1));
        long asked = Moment.now();
        UUID event = stage.writer().publish(others, "{\"i\":%d}".formatted(i));
        stage.await("a new name", Duration.ofSeconds(20), () -> delivered(event) == 1);
        stage.within(
            "new name to delivery, the last one", Moment.now() - asked, Duration.ofSeconds(2));
      }
      stage.writer().stop();
      stage.await("all are final", Duration.ofSeconds(60), stage::isDone);
      stage.figure("all final after", "%.1f s".formatted((Moment.now() - begun) / 1000.0));
      judgeHanging();
    }
  }

  private void judgeHanging() {
    long slowest =
        WorkerFaults.number(
            stage,
            """
            select max((h->>'duration_ms')::bigint)
            from webhooks.delivery_log, json_array_elements(history) h where url like '%.hang.test%'
            """);
    stage.within("slowest attempt", slowest, Duration.ofMillis(10_250));
    long failed =
        WorkerFaults.number(
            stage,
            """
            select count(*) from webhooks.delivery_log
            where url like '%.hang.test%' and status = 'failed' and attempts = 4
            """);
    stage.expect(failed == HANGING, "each of them fails after four attempts, were " + failed);
  }

  private void start(Names names) throws IOException {
    if (!Files.isExecutable(Path.of("/usr/bin/unshare"))) {
      throw new Skipped("unshare is not installed");
    }
    stage.fleet().startBehind(names.command(stage.folder()), "A");
  }

  private Hostile receiver(String address, int port) throws IOException {
    ServerSocket server = new ServerSocket(port, 100, InetAddress.getByName(address));
    return new Hostile(
            server,
            stage.farm(),
            visit -> {
              while (visit.read(200)) {
                visit.write(OK);
              }
            })
        .start();
  }

  /** By its address first, since the name is known to workers alone. */
  private void subscribe(UUID owner, String path, String host, int port) {
    String url = "http://%s:%d/%s";
    Subscriber subscriber =
        stage.audience().subscribeAt(owner, url.formatted("127.0.7.1", port, path), "/" + path);
    stage
        .jdbi()
        .useHandle(handle ->
            handle.execute(
                "update webhooks.subscription set url = ? where id = ?",
                url.formatted(host, port, path),
                subscriber.id()));
  }

  private long delivered(UUID event) {
    return WorkerFaults.number(
        stage,
        "select count(*) from webhooks.delivery_log where event_id = '%s' and status = 'delivered'"
            .formatted(event));
  }
}
