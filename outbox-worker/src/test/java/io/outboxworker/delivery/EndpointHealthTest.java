package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.delivery.Result.Attempted;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.testing.Shop;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What results of endpoints that fail cost the batch that they are in, and what they change. */
final class EndpointHealthTest {
  private final Shop shop = new Shop();
  private final UUID id = shop.subscribe("a.b", "http://127.0.0.1:9/1");
  private final EndpointHealth health =
      new EndpointHealth(new DatabaseClock(shop.jdbi()), Duration.ofDays(5));
  private final List<String> statements = new ArrayList<>();

  @AfterEach
  void close() {
    shop.close();
  }

  @Test
  void the_first_failure_is_noted_and_the_next_cost_no_statement() {
    note(500);
    assertThat(statements).hasSize(1);
    assertThat(subscription().failingSince()).isNotNull();

    note(500);
    failingSince("3 days 23 hours");
    note(500);
    assertThat(statements).hasSize(1);
  }

  @Test
  void a_day_before_it_is_disabled_a_failing_endpoint_is_warned_of() {
    failingSince("4 days 1 minute");
    assertThat(note(500)).isEmpty();
    assertThat(told()).containsExactly("subscription.failing");
    assertThat(statements).noneMatch(sql -> sql.contains("synchronous_commit"));
  }

  @Test
  void an_endpoint_that_failed_for_too_long_is_disabled() {
    failingSince("5 days 1 minute");
    assertThat(note(500)).containsExactly(id);
    assertThat(subscription().active()).isFalse();
    assertThat(told()).containsExactly("subscription.disabled");
    assertThat(statements).anyMatch(sql -> sql.contains("synchronous_commit = on"));
  }

  @Test
  void a_success_among_the_failures_of_a_batch_keeps_it_active() {
    failingSince("6 days");
    assertThat(note(500, 204)).isEmpty();
    assertThat(subscription().active()).isTrue();
    assertThat(subscription().failingSince()).isNull();
  }

  private List<UUID> note(Integer... answers) {
    List<Attempted> finished = new ArrayList<>();
    List<Attempted> retried = new ArrayList<>();
    for (Integer answer : answers) {
      (answer == 204 ? finished : retried).add(result(answer));
    }
    return shop.jdbi()
        .inTransaction(handle -> {
          handle.setSqlLogger(
              new SqlLogger() {
                @Override
                public void logBeforeExecution(StatementContext context) {
                  statements.add(context.getRawSql());
                }
              });
          return health.note(handle, finished, retried);
        });
  }

  private Attempted result(Integer answer) {
    Message message =
        new Message(UUID.randomUUID(), shop.tenant(), "a.b", new byte[0], null, Instant.EPOCH);
    Claim claim = new Claim(UUID.randomUUID(), id, message, 0, 1, 0, null, false);
    Outcome outcome =
        answer == 204
            ? new Outcome.Accepted(Duration.ZERO, answer, "")
            : new Outcome.Refused(Duration.ZERO, answer, "", "HTTP " + answer, null);
    Verdict verdict =
        answer == 204
            ? new Verdict.Delivered()
            : new Verdict.RetryIn(Duration.ofSeconds(1), "server_error");
    return new Attempted(claim, subscription(), outcome, verdict, Instant.EPOCH, 0);
  }

  private Subscription subscription() {
    return shop.subscriptions().find(shop.tenant(), id).orElseThrow();
  }

  private void failingSince(String ago) {
    shop.database()
        .exec("update webhooks.subscription set failing_since = now() - interval '" + ago + "'");
  }

  private List<String> told() {
    return shop.database().texts("select event from webhooks.outbox");
  }
}
