package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.subscription.SubscriptionSettings;
import io.outboxworker.testing.RawReceiver;
import io.outboxworker.testing.RawReceiver.Request;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import io.outboxworker.webhook.SigningSecret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EndpointChallengeTest {
  private static final Pattern CHALLENGE = Pattern.compile("\"challenge\":\"([A-Za-z0-9_-]{43})\"");

  private final Shop shop = new Shop();
  private final Workers workers = new Workers(shop);

  @AfterEach
  void close() {
    workers.close();
    shop.close();
  }

  @Test
  void an_endpoint_that_answers_its_challenge_is_asked_once_and_then_gets_everything()
      throws IOException {
    try (RawReceiver receiver = answering(challenge -> challenge)) {
      UUID id = shop.subscribe("*", receiver.url().toString());
      shop.publishMany("invoice.created", 50);
      workers.start("OUTBOX_VERIFY_ENDPOINTS", "true");
      await().atMost(30, TimeUnit.SECONDS).until(shop::isDone);

      List<Request> requests = receiver.requests();
      assertThat(requests).hasSize(51);
      Request challenge = requests.get(0);
      assertThat(challenge.header("X-Webhook-Event")).isEqualTo("webhook.verification");
      assertThat(challenge.body()).contains("\"resource_id\":\"" + id + "\"");
      assertThat(challenge.header("X-Signature"))
          .isEqualTo(
              SigningSecret.of(Shop.SECRET)
                  .bodySignature(challenge.body().getBytes(StandardCharsets.UTF_8)));
      assertThat(requests.subList(1, 51))
          .extracting(request -> request.header("X-Webhook-Event"))
          .containsOnly("invoice.created");
      assertThat(delivered()).isEqualTo(50);
    }
  }

  @Test
  void a_challenge_may_be_answered_as_json_and_a_new_url_is_asked_again() throws IOException {
    try (RawReceiver first = answering("{\"challenge\": \"%s\"}"::formatted);
        RawReceiver second = answering(challenge -> challenge + "\n")) {
      UUID id = shop.subscribe("*", first.url().toString());
      workers.start("OUTBOX_VERIFY_ENDPOINTS", "true");
      shop.publish("a.b", "{}");
      await().atMost(30, TimeUnit.SECONDS).until(() -> delivered() == 1);
      assertThat(verifiedAt(id)).isNotNull();

      shop.subscriptions()
          .change(
              shop.tenant(),
              id,
              settings -> SubscriptionSettings.of(second.url().toString(), settings.event()));
      assertThat(verifiedAt(id)).isNull();
      // The worker may go by its copy of the subscription for up to a second.
      await()
          .atMost(30, TimeUnit.SECONDS)
          .until(() -> {
            shop.publish("a.b", "{}");
            return second.requests().size() >= 2;
          });
      assertThat(second.requests().get(0).header("X-Webhook-Event"))
          .isEqualTo("webhook.verification");
      assertThat(second.requests().get(1).header("X-Webhook-Event")).isEqualTo("a.b");
      assertThat(verifiedAt(id)).isNotNull();
    }
  }

  @Test
  void a_proof_that_cannot_be_stored_holds_up_nobody_and_is_asked_for_again() throws IOException {
    try (RawReceiver receiver = answering(challenge -> challenge)) {
      UUID id = shop.subscribe("*", receiver.url().toString());
      shop.database()
          .exec(
              """
              update webhooks.subscription set max_in_flight = 1;
              alter table webhooks.subscription add constraint never_verified check (verified_at is null)
              """);
      workers.start("OUTBOX_VERIFY_ENDPOINTS", "true");
      shop.publish("a.b", "{}");
      await().atMost(10, TimeUnit.SECONDS).until(() -> delivered() == 1);
      assertThat(verifiedAt(id)).isNull();

      shop.database().exec("alter table webhooks.subscription drop constraint never_verified");
      shop.publish("a.b", "{}");
      await().atMost(10, TimeUnit.SECONDS).until(() -> delivered() == 2);
      assertThat(verifiedAt(id)).isNotNull();
      assertThat(receiver.requests())
          .extracting(request -> request.header("X-Webhook-Event"))
          .containsExactly("webhook.verification", "a.b", "webhook.verification", "a.b");
    }
  }

  @Test
  void an_endpoint_that_does_not_answer_it_gets_no_event_and_its_owner_is_told_why()
      throws IOException {
    try (RawReceiver indifferent = answering(challenge -> "ok");
        RawReceiver refusing = RawReceiver.answering(404)) {
      shop.subscribe("*", indifferent.url().toString());
      shop.subscribe("*", refusing.url().toString());
      workers.start("OUTBOX_VERIFY_ENDPOINTS", "true", "OUTBOX_RETRY_DELAYS", "50ms,50ms");
      shop.publish("invoice.created", "{\"amount\":\"1500.00\"}");
      await().atMost(30, TimeUnit.SECONDS).until(shop::isDone);

      assertThat(
              shop.database()
                  .texts(
                      "select status || ' ' || attempts || ' ' || last_error from"
                          + " webhooks.delivery_log order by 1"))
          .containsExactly(
              "failed 3 endpoint did not answer with the verification challenge",
              "failed 3 verification challenge: HTTP 404");
      for (RawReceiver receiver : List.of(indifferent, refusing)) {
        assertThat(receiver.requests()).hasSize(3);
        assertThat(receiver.requests()).noneMatch(request -> request.body().contains("1500.00"));
      }
    }
  }

  @Test
  void without_the_setting_nobody_is_asked() throws IOException {
    try (RawReceiver receiver = RawReceiver.answering(200)) {
      shop.subscribe("*", receiver.url().toString());
      workers.start();
      shop.publish("a.b", "{}");
      await().atMost(30, TimeUnit.SECONDS).until(() -> delivered() == 1);
      assertThat(receiver.requests()).hasSize(1);
    }
  }

  private static RawReceiver answering(UnaryOperator<String> answer) {
    return RawReceiver.doing(connection -> {
      for (Request request = connection.read(); request != null; request = connection.read()) {
        Matcher challenge = CHALLENGE.matcher(request.body());
        String body = challenge.find() ? answer.apply(challenge.group(1)) : "";
        connection.write(RawReceiver.response(200, body));
      }
    });
  }

  private long delivered() {
    return shop.database()
        .number("select count(*) from webhooks.delivery_log where status = 'delivered'");
  }

  private @Nullable String verifiedAt(UUID id) {
    return shop.database()
        .text("select verified_at::text from webhooks.subscription where id = '%s'".formatted(id));
  }
}
