package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.outboxworker.Worker;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.util.List;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What the database notes about changes, and that it stays. */
final class AuditTest {
  private static final Shop shop = new Shop();
  private static final Workers workers = new Workers(shop);
  private static final Worker worker = workers.start();
  private static final ApiClient api = ApiClient.of(worker, shop);

  @AfterAll
  static void close() {
    api.close();
    workers.close();
    shop.close();
  }

  @Test
  void each_change_of_a_subscription_is_listed_newest_first_without_secrets() {
    String id =
        api.post(
                "/subscriptions",
                "{'url':'http://127.0.0.1:9/','event':'a.b','headers':{'X-Key':'canary-1'},'secret':'canary-2-canary-2'}")
            .text("id");
    String path = "/subscriptions/" + id;
    api.patch(path, "{'event':'a.c','headers':{'X-Key':'canary-3'}}");
    api.patch(path, "{'active':false}");
    api.patch(path, "{'active':true}");
    api.post(path + "/rotate-secret", "{'secret':'canary-4-canary-4'}");
    api.patch(path, "{}");
    api.delete(path);

    var audit = api.get("/audit?limit=200");

    assertThat(audit.status()).isEqualTo(200);
    List<JsonNode> mine = entries(audit.body(), id);
    assertThat(mine)
        .extracting(entry -> entry.path("action").asText())
        .containsExactly(
            "subscription.deleted",
            "subscription.secret_rotated",
            "subscription.resumed",
            "subscription.paused",
            "subscription.changed",
            "subscription.created");
    assertThat(mine.get(4).path("details").toString())
        .isEqualTo("{\"event\":{\"from\":\"a.b\",\"to\":\"a.c\"},\"headers\":null}");
    assertThat(audit.raw().body()).doesNotContain("canary");
    assertThat(mine.get(0).path("at").asText()).matches(".*\\.\\d{6}Z");
  }

  @Test
  void a_change_by_hand_is_noted_with_the_user_of_the_database() {
    UUID id = shop.subscribe("a.b", "http://127.0.0.1:9/");
    shop.database().exec("update webhooks.subscription set active = false where id = '" + id + "'");

    JsonNode entry = entries(api.get("/audit").body(), id.toString()).getFirst();

    assertThat(entry.path("action").asText()).isEqualTo("subscription.paused");
    assertThat(entry.path("actor").asText()).endsWith("as postgres");
  }

  @Test
  void another_tenant_sees_none_of_it() {
    shop.subscribe("a.b", "http://127.0.0.1:9/");
    try (ApiClient other = ApiClient.of(worker, shop, UUID.randomUUID())) {
      assertThat(other.get("/audit").body().path("items").findValuesAsText("action"))
          .containsExactly("token.created");
    }
  }

  @Test
  void entries_can_be_neither_changed_nor_deleted_but_by_the_purge_of_old_ones() {
    shop.subscribe("a.b", "http://127.0.0.1:9/");
    for (String sql :
        List.of(
            "update webhooks.audit_log set actor = 'x'",
            "delete from webhooks.audit_log",
            "truncate webhooks.audit_log")) {
      assertThatThrownBy(() -> shop.database().exec(sql)).as(sql).isNotNull();
    }
    shop.database()
        .exec(
            "insert into webhooks.audit_log (id, tenant_id, actor, action) values"
                + " (webhooks.uuid_v7_at(now() - interval '90 days'), '"
                + shop.tenant()
                + "', 'x', 'old.entry')");

    assertThat(shop.row("select purge_audit_log(now())")).containsExactly("1");
    assertThat(
            shop.row(
                "select count(*) filter (where action = 'old.entry'), count(*) > 0 from audit_log"))
        .containsExactly("0", "t");
  }

  private static List<JsonNode> entries(JsonNode audit, String subject) {
    return StreamSupport.stream(audit.path("items").spliterator(), false)
        .filter(entry -> entry.path("subject").asText().equals(subject))
        .toList();
  }
}
