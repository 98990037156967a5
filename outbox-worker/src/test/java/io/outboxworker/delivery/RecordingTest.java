package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseClock;
import io.outboxworker.delivery.Result.Attempted;
import io.outboxworker.delivery.Result.GivenBack;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.testing.Shop;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A result finds its row by the token of its claim, whatever else happens to the row. */
final class RecordingTest {
  private static final long TOKEN = 7;

  @AutoClose private final Shop shop = new Shop();

  @AutoClose
  private final Database pool = Database.openUnhurried(shop.database().settings(), "test", 2, null);

  private final Recording recording =
      new Recording(pool.jdbi(), new DatabaseClock(pool.jdbi()), Duration.ofDays(5));

  @Test
  void rows_that_a_sweep_parks_while_they_are_looked_up_are_recorded() {
    List<UUID> ids = Stream.generate(this::inFlight).limit(3).toList();
    CompletableFuture<Recording.Recorded> recorded;
    try (Handle sweep = shop.jdbi().open()) {
      sweep.begin();
      sweep.execute("update delivery set lease_until = null");
      recorded = CompletableFuture.supplyAsync(() -> record(ids));
      await().until(this::somebodyWaits);
      sweep.commit();
    }

    assertThat(recorded.join().deliveries()).containsExactlyInAnyOrderElementsOf(ids);
    assertThat(shop.row("select id, status, attempts from delivery_log"))
        .containsExactly(ids.get(0).toString(), "delivered", "1");
    assertThat(shop.row("select id, attempts from delivery where next_attempt_at > now()"))
        .containsExactly(ids.get(1).toString(), "1");
    assertThat(shop.row("select id, claims from delivery where next_attempt_at is null"))
        .containsExactly(ids.get(2).toString(), "0");
  }

  @Test
  void rows_that_somebody_else_claims_while_they_are_looked_up_are_left_alone() {
    List<UUID> ids = Stream.generate(this::inFlight).limit(3).toList();
    CompletableFuture<Recording.Recorded> recorded;
    try (Handle other = shop.jdbi().open()) {
      other.begin();
      other.execute("update delivery set lease_token = 8, claims = claims + 1");
      recorded = CompletableFuture.supplyAsync(() -> record(ids));
      await().until(this::somebodyWaits);
      other.commit();
    }

    assertThat(recorded.join().deliveries()).isEmpty();
    assertThat(
            shop.row(
                "select count(*), max(attempts), min(claims) from delivery where lease_token = 8"))
        .containsExactly("3", "0", "2");
    assertThat(shop.database().number("select count(*) from webhooks.delivery_log")).isZero();
  }

  /** One is delivered, one has to be retried, and one was not sent. */
  private Recording.Recorded record(List<UUID> ids) {
    Outcome accepted = new Outcome.Accepted(Duration.ZERO, 200, "");
    Outcome refused = new Outcome.Refused(Duration.ZERO, 500, "", "HTTP 500", null);
    return recording.record(
        List.of(
            attempted(ids.get(0), accepted, new Verdict.Delivered()),
            attempted(
                ids.get(1), refused, new Verdict.RetryIn(Duration.ofHours(1), "server_error")),
            new GivenBack(claim(ids.get(2)))),
        true,
        false);
  }

  private Attempted attempted(UUID id, Outcome outcome, Verdict verdict) {
    Subscription subscription = shop.subscriptions().list(shop.tenant()).get(0);
    return new Attempted(
        claim(id), subscription, outcome, verdict, Instant.EPOCH, System.nanoTime());
  }

  private Claim claim(UUID id) {
    Message message = new Message(id, shop.tenant(), "a.b", new byte[0], null, Instant.EPOCH);
    UUID subscription = shop.subscriptions().list(shop.tenant()).get(0).id();
    return new Claim(id, subscription, message, 0, TOKEN, 0, null, false);
  }

  private UUID inFlight() {
    return shop.delivery(
        "http://127.0.0.1:9/",
        "claims = 1, lease_token = %d, lease_until = now() + interval '20 s'".formatted(TOKEN));
  }

  private boolean somebodyWaits() {
    return shop.database()
            .number(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname ="
                    + " current_database()")
        > 0;
  }
}
