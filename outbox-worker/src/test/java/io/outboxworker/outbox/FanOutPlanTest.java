package io.outboxworker.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.database.Database;
import io.outboxworker.delivery.Rooms;
import io.outboxworker.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How PostgreSQL runs the statement of the fan-out, whatever it expects of the outbox. */
final class FanOutPlanTest {
  private static final int EVENTS = 500;

  @AutoClose private final TestDatabase database = TestDatabase.create();

  @AutoClose
  private final Database pool =
      Database.openForLargeStatements(database.settings(), "test", 1, null);

  @ParameterizedTest
  @ValueSource(strings = {"analyzed full", "analyzed empty", "never analyzed"})
  void a_batch_of_as_many_tenants_and_busy_lanes_is_joined_without_loops(String statistics)
      throws JsonProcessingException {
    pool.jdbi()
        .useHandle(handle -> {
          handle.execute("alter table outbox set (autovacuum_enabled = off)");
          handle.execute(
              """
              insert into subscription (id, tenant_id, event, url, active, secret)
              select gen_random_uuid(), gen_random_uuid(), '*', 'https://example.com/', true, '\\x00'
              from generate_series(1, ?)
              """,
              EVENTS);
          publish(handle);
          switch (statistics) {
            case "analyzed full" -> handle.execute("analyze outbox");
            case "analyzed empty" -> {
              handle.execute("delete from outbox");
              handle.execute("analyze outbox");
              publish(handle);
            }
            default -> {}
          }
        });

    JsonNode plan = new ObjectMapper().readTree(pool.jdbi().withHandle(FanOutPlanTest::explain));

    assertThat(plan.at("/0/Plan/Actual Rows").asInt()).isEqualTo(EVENTS);
    assertThat(comparedInVain(plan)).as(plan.toPrettyString()).isLessThan(10 * EVENTS);
  }

  private static void publish(Handle handle) {
    handle.execute(
        """
        insert into outbox (tenant_id, event, resource_id, data)
        select tenant_id, 'invoice.created', 'r-1', '{}' from subscription
        """);
  }

  private static String explain(Handle handle) {
    Map<UUID, Integer> perLane =
        handle.createQuery("select id from subscription").mapTo(UUID.class).stream()
            .collect(Collectors.toMap(id -> id, id -> 15));
    FanOutStatement statement =
        new FanOutStatement(
            new Pick.Oldest(new UUID(0, 0)),
            EVENTS,
            new Rooms(List.of(), perLane, 16, 2_048),
            List.of(),
            Duration.ofSeconds(10),
            7);
    return statement
        .bind(handle.createQuery("explain (analyze, format json) " + statement.text("")))
        .mapTo(String.class)
        .one();
  }

  /** Pairs that a loop looked at and that don't belong together. */
  private static long comparedInVain(JsonNode plan) {
    return plan.findValues("Rows Removed by Join Filter").stream()
        .mapToLong(JsonNode::asLong)
        .sum();
  }
}
