package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The names of events that can be subscribed to. */
final class EventTypesTest {
  @Test
  void known_names_come_with_a_sample_and_others_once_they_were_seen() {
    try (Shop shop = new Shop();
        Workers workers = new Workers(shop);
        ApiClient api = ApiClient.of(workers.start(), shop)) {
      shop.publish("shop.opened", "{}");
      shop.publish("invoice.sent", "{}");
      Awaitility.await().atMost(Duration.ofSeconds(15)).until(shop::isDone);

      JsonNode items = api.get("/event-types").body().path("items");

      List<String> names = items.findValuesAsText("event");
      List<String> functions =
          shop.database()
              .texts(
                  """
                  select regexp_replace(substr(proname, 9), '_([a-z]+)$', '.\\1') from pg_proc
                  where pronamespace = 'webhooks'::regnamespace and proname like 'trigger\\_%'
                  """);
      assertThat(functions).hasSize(17);
      assertThat(names)
          .containsAll(functions)
          .contains("subscription.disabled", "subscription.failing", "shop.opened");
      for (JsonNode item : items) {
        boolean known = !item.path("event").asText().equals("shop.opened");
        assertThat(item.path("sample").isObject()).isEqualTo(known);
        if (known) {
          assertThat(item.at("/sample/event").asText()).isEqualTo(item.path("event").asText());
          assertThat(item.at("/sample/data").size()).isPositive();
        }
        boolean seen = List.of("shop.opened", "invoice.sent").contains(item.path("event").asText());
        assertThat(item.path("seen").asBoolean()).isEqualTo(seen);
        assertThat(item.path("last_seen_at").isNull()).isEqualTo(!seen);
      }
    }
  }

  @Test
  void a_sample_has_the_keys_that_the_function_for_its_event_writes() {
    try (Shop shop = new Shop();
        Workers workers = new Workers(shop);
        ApiClient api = ApiClient.of(workers.start(), shop)) {
      for (JsonNode item : api.get("/event-types").body().path("items")) {
        String event = item.path("event").asText();
        if (event.startsWith("subscription.")) {
          continue;
        }
        String arguments =
            Objects.requireNonNull(
                shop.database()
                    .text(
                        "select array_to_string(proargnames[2:], ',') from pg_proc where proname ="
                            + " 'trigger_"
                            + event.replace('.', '_')
                            + "'"));
        assertThat(item.at("/sample/data").fieldNames())
            .toIterable()
            .as(event)
            .containsExactly(arguments.split(","));
      }
    }
  }
}
