package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.DatabaseUnreachable;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.testing.Link;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestDatabase;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.Workers;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.Sender;
import java.net.URI;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One worker serves three databases, and one that is away holds up no other. */
final class SeveralDatabasesTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final Shop north = new Shop();
  private final Shop south = north.elsewhere();
  private final Shop west = north.elsewhere();
  private final TestReceiver receiver = new TestReceiver();
  private final Workers workers = new Workers(north);
  private final Link link = new Link(URI.create(west.database().psqlUrl()).getPort());

  @AfterEach
  void close() {
    workers.close();
    link.close();
    receiver.close();
    west.close();
    south.close();
    north.close();
  }

  @Test
  void each_database_has_its_own_outbox_and_its_own_series() {
    for (Shop shop : new Shop[] {north, south, west}) {
      shop.subscribe("*", receiver.url("/hook"));
    }
    Worker worker = start();
    north.publish("order.north", "{}");
    south.publishMany("order.south", 2);
    west.publishMany("order.west", 3);

    await().atMost(SOON).until(() -> north.isDone() && south.isDone() && west.isDone());
    assertThat(receiver.received("/hook")).hasSize(6);
    assertThat(west.database().number("select count(*) from webhooks.delivery_log")).isEqualTo(3);
    assertThat(south.database().number("select count(*) from webhooks.delivery_log")).isEqualTo(2);
    await()
        .atMost(SOON)
        .until(() -> workers.metric(worker, "webhook_database_up{database=\"west\"") == 1);
    assertThat(workers.get(worker, "/metrics").body())
        .contains("webhook_database_up{database=\"north\",} 1.0")
        .contains("webhook_database_outbox_rows{database=\"south\",} 0.0")
        .contains("hikaricp_active_connections{pool=\"north-worker\"")
        .contains("hikaricp_active_connections{pool=\"north-timer\"")
        .contains("hikaricp_active_connections{pool=\"west-worker\"");
  }

  @Test
  void a_database_that_goes_away_holds_up_no_other_and_comes_back() {
    south.subscribe("*", receiver.url("/south"));
    west.subscribe("*", receiver.url("/west"));
    Worker worker = start();
    link.cut();
    await()
        .atMost(SOON)
        .until(() -> workers.get(worker, "/readyz").body().contains("\"degraded\""));
    west.publish("order.west", "{}");
    south.publish("order.south", "{}");

    await().atMost(SOON).until(south::isDone);
    assertThat(workers.get(worker, "/readyz").statusCode()).isEqualTo(200);
    assertThat(workers.get(worker, "/readyz").body()).contains("database west does not answer");
    assertThat(workers.get(worker, "/livez").statusCode()).isEqualTo(200);
    await()
        .atMost(SOON)
        .until(() -> workers.metric(worker, "webhook_database_up{database=\"west\"") == 0);
    assertThat(receiver.received("/west")).isEmpty();

    link.mend();
    await().atMost(SOON).until(west::isDone);
    await().atMost(SOON).until(() -> workers.get(worker, "/readyz").body().contains("\"ok\""));
  }

  @Test
  void a_database_that_is_away_at_the_start_is_served_once_it_is_there() {
    south.subscribe("*", receiver.url("/south"));
    west.subscribe("*", receiver.url("/west"));
    west.publish("order.west", "{}");
    link.cut();
    long begin = System.nanoTime();
    Worker worker = start();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(15));
    south.publish("order.south", "{}");
    await().atMost(SOON).until(south::isDone);
    assertThat(workers.get(worker, "/readyz").body())
        .contains("\"degraded\"", "database west does not answer");

    link.mend();
    await().atMost(SOON).until(west::isDone);
    assertThat(receiver.received("/west")).hasSize(1);
    await().atMost(SOON).until(() -> workers.get(worker, "/readyz").body().contains("\"ok\""));
  }

  @Test
  void a_database_that_hangs_while_the_worker_stops_lets_no_other_begin_attempts()
      throws Exception {
    south.subscribe("*", receiver.url("/south"));
    // Pipelines stop one after the other, and "a" is the first.
    Worker worker =
        start("a=%s,b=%s".formatted(north.database().psqlUrl(), south.database().psqlUrl()));
    try (Connection holder = north.database().connection();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("lock table webhooks.outbox in access exclusive mode");
      await().atMost(SOON).until(() -> waitsForLock(north));

      var stopping = CompletableFuture.runAsync(() -> stop(worker));
      await().atMost(SOON).until(() -> workers.get(worker, "/readyz").body().contains("stopping"));
      south.publish("order.south", "{}");
      await()
          .atMost(SOON)
          .until(() ->
              south
                      .database()
                      .number("select count(*) from webhooks.delivery where lease_until is null")
                  == 1);
      assertThat(stopping).isNotDone();
      assertThat(receiver.received("/south")).isEmpty();
      holder.rollback();
      stopping.join();
    }
    assertThat(receiver.received("/south")).isEmpty();
  }

  private static boolean waitsForLock(Shop shop) {
    return shop.database()
            .number(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname"
                    + " = current_database()")
        > 0;
  }

  private static void stop(Worker worker) {
    try {
      worker.stop();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void a_pipeline_that_cannot_begin_leaves_no_connection_behind() {
    Config config = Config.read(south.environment(), Config.Need.values());
    DatabaseSettings refused =
        new DatabaseSettings(
            south.database().jdbcUrl("nobody_of_that_name"), "nobody_of_that_name", null);
    var metrics = new Metrics(true, "test");
    EndpointGuard guard = new EndpointGuard(config.egressRules(List.of()));
    try (Sender sender = new Sender(guard, "test", null, null)) {
      assertThatThrownBy(() -> new Pipeline("gone", refused, config, sender, null, metrics))
          .isInstanceOf(RuntimeException.class);
    }
    await()
        .atMost(SOON)
        .until(() ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("gone-")));
  }

  @Test
  void faults_of_all_databases_are_told_at_once_and_none_that_answers_is_none() {
    try (var empty = TestDatabase.createEmpty(TestDatabase.Version.NEWEST);
        var other = TestDatabase.createEmpty(TestDatabase.Version.NEWEST)) {
      assertThatThrownBy(() -> start("a=" + empty.psqlUrl() + ",b=" + other.psqlUrl()))
          .isInstanceOf(CannotStart.class)
          .hasMessageContaining("database a: ")
          .hasMessageContaining("database b: ");
    }
    // A refused login needs no patience.
    String nobody = north.database().psqlUrl("nobody_of_that_name");
    assertThatThrownBy(() -> start("a=" + nobody + ",b=" + nobody))
        .isInstanceOf(DatabaseUnreachable.class);
  }

  private Worker start() {
    return start(
        "north=%s,south=%s,west=postgresql://postgres@127.0.0.1:%d%s"
            .formatted(
                north.database().psqlUrl(),
                south.database().psqlUrl(),
                link.port(),
                URI.create(west.database().psqlUrl()).getPath()));
  }

  private Worker start(String databases) {
    Map<String, String> environment = new HashMap<>(north.environment());
    environment.remove("OUTBOX_DATABASE_URL");
    environment.put("OUTBOX_DATABASES", databases);
    return workers.start(environment);
  }
}
