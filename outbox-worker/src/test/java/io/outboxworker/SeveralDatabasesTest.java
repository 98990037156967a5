package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.outboxworker.database.DatabaseUnreachable;
import io.outboxworker.testing.Link;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestDatabase;
import io.outboxworker.testing.TestReceiver;
import io.outboxworker.testing.Workers;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
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
