package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.testing.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

class RecorderTest {
  private static final byte[] LARGE = new byte[256 * 1024];

  @Test
  void bodies_of_results_that_cannot_be_written_yet_stop_new_attempts_at_32_mebibytes() {
    try (TestDatabase database = TestDatabase.create()) {
      Jdbi jdbi = Jdbi.create(database.jdbcUrl() + "&currentSchema=webhooks");
      Recorder recorder =
          new Recorder(
              new Recording(jdbi, new DatabaseClock(jdbi), Duration.ofDays(5)),
              new Tally(new Metrics(true, "1.0"), ordered -> {}, retry -> {}),
              10_000);

      for (int i = 0; i < 127; i++) {
        recorder.add(new Result.GivenBack(claim()));
      }
      assertThat(recorder.hasRoom()).isTrue();
      recorder.add(new Result.GivenBack(claim()));
      assertThat(recorder.hasRoom()).isFalse();

      recorder.start();
      await().until(recorder::hasRoom);
      recorder.close();
    }
  }

  private static Claim claim() {
    UUID id = UUID.randomUUID();
    Message message = new Message(id, id, "order.created", LARGE, null, Instant.EPOCH);
    return new Claim(id, id, message, 0, 1, 0, null, false);
  }
}
