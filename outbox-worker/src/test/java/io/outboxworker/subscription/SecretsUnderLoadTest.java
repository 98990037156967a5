package io.outboxworker.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.testing.Cli;
import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestReceiver.Received;
import io.outboxworker.webhook.SigningSecret;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Keys and secrets change while webhooks flow; each one that arrives is verified. */
class SecretsUnderLoadTest extends EndToEnd {
  private static final SigningSecret OLD = SigningSecret.of(Shop.SECRET);

  private final AtomicBoolean publishing = new AtomicBoolean(true);
  private final String firstKey = shop.environment().get("OUTBOX_KEYS") + "";
  private final String bothKeys = firstKey + "," + KeyRing.generate().replaceFirst("^1:", "2:");

  @AfterEach
  void publishNoMore() {
    publishing.set(false);
  }

  @Test
  void keys_rotate_while_webhooks_flow_and_every_signature_stays_right() throws Exception {
    int subscriptions = 40;
    for (int i = 0; i < subscriptions; i++) {
      shop.subscribe("*", receiver.url("/" + i));
    }
    workers.start("OUTBOX_KEYS", bothKeys);
    Thread publisher = publish();
    await().atMost(30, TimeUnit.SECONDS).until(() -> receiver.received().size() > subscriptions);

    Cli.Ran ran = cli(bothKeys);
    assertThat(ran.out()).isEqualTo("40 rotated, 0 not opened\n");
    assertThat(ran.exitCode()).isZero();
    int before = receiver.received().size();
    await().atMost(30, TimeUnit.SECONDS).until(() -> receiver.received().size() > before + 200);
    publishing.set(false);
    publisher.join();
    await().atMost(60, TimeUnit.SECONDS).until(shop::isDone);

    assertThat(receiver.received()).allSatisfy(post -> assertThat(isSignedBy(OLD, post)).isTrue());
    assertThat(
            shop.database()
                .number("select count(*) from webhooks.delivery_log where status = 'failed'"))
        .isZero();
    assertThat(cli(bothKeys).out()).isEqualTo("0 rotated, 0 not opened\n");
    // From now on the new key is enough, and the old one opens nothing.
    String newKey = bothKeys.substring(bothKeys.indexOf(',') + 1);
    assertThat(new StoredSecrets(shop.jdbi(), KeyRing.parse(newKey)).keysFit()).isTrue();
    assertThat(new StoredSecrets(shop.jdbi(), KeyRing.parse(firstKey)).keysFit()).isFalse();
    assertThat(
            shop.database()
                .number(
                    "select count(*) from webhooks.audit_log where action ="
                        + " 'subscription.secret_rotated'"))
        .isZero();
  }

  @Test
  void what_no_key_opens_is_told_and_left_as_it_is() {
    UUID lost = shop.subscribe("*", receiver.url("/lost"));
    shop.subscribe("*", receiver.url("/found"));
    shop.database()
        .exec(
            "update webhooks.subscription set secret = '\\x010007' || substring(secret from 4) where id = '%s'"
                .formatted(lost));
    Cli.Ran ran = cli(bothKeys);
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).isEqualTo("1 rotated, 1 not opened\n");
    assertThat(ran.err()).contains(lost.toString());
  }

  @Test
  void during_an_overlap_who_knows_the_old_secret_or_the_new_one_accepts_everything()
      throws Exception {
    UUID id = shop.subscribe("*", receiver.url("/rotating"));
    workers.start();
    Thread publisher = publish();
    await().atMost(30, TimeUnit.SECONDS).until(() -> receiver.received().size() > 50);
    Duration overlap = Duration.ofSeconds(3);
    long rotated = System.nanoTime();
    var fresh =
        (SigningSecret)
            shop.subscriptions()
                .rotateSecret(shop.tenant(), id, null, overlap)
                .orElseThrow()
                .secret();
    long committed = System.nanoTime();
    await()
        .atMost(30, TimeUnit.SECONDS)
        .until(() -> System.nanoTime() - committed > overlap.plusSeconds(2).toNanos());
    publishing.set(false);
    publisher.join();
    await().atMost(60, TimeUnit.SECONDS).until(shop::isDone);

    List<Received> during = new ArrayList<>();
    for (Received post : receiver.received()) {
      // A worker's idea of the database's time may be a moment ahead.
      if (post.nanos() < rotated + overlap.minusMillis(200).toNanos()) {
        assertThat(isSignedBy(OLD, post))
            .as("old secret, %d ms after the rotation began", (post.nanos() - rotated) / 1_000_000)
            .isTrue();
      }
      // A worker's copy of a subscription is at most 0.9 s old.
      if (post.nanos() > committed + Duration.ofSeconds(1).toNanos()) {
        assertThat(isSignedBy(fresh, post)).as("new secret").isTrue();
        if (post.nanos() < rotated + overlap.minusMillis(200).toNanos()) {
          during.add(post);
        }
      }
      if (post.nanos() > committed + overlap.plusSeconds(1).toNanos()) {
        assertThat(isSignedBy(OLD, post)).as("old secret, after the overlap").isFalse();
      }
    }
    assertThat(during).hasSizeGreaterThan(20);
    assertThat(during)
        .allSatisfy(post -> {
          assertThat(post.header("x-signature")).isEqualTo(fresh.bodySignature(post.body()));
          assertThat(post.header("x-signature-previous")).isEqualTo(OLD.bodySignature(post.body()));
        });
  }

  /** By either form, as a receiver that knows this secret alone would find. */
  private static boolean isSignedBy(SigningSecret secret, Received post) {
    String expected =
        secret.standardSignature(
            post.header("webhook-id"),
            Long.parseLong(post.header("webhook-timestamp")),
            post.body());
    boolean standard = List.of(post.header("webhook-signature").split(" ", -1)).contains(expected);
    String body = secret.bodySignature(post.body());
    boolean plain =
        post.header("x-signature").equals(body) || post.header("x-signature-previous").equals(body);
    assertThat(standard).isEqualTo(plain);
    return standard;
  }

  private Thread publish() {
    return Thread.startVirtualThread(() -> {
      for (int n = 0; publishing.get() && n < 3000; n++) {
        shop.publish("invoice.created", "{\"n\":" + n + "}");
        if (n % 10 == 0) {
          Thread.onSpinWait();
        }
      }
    });
  }

  private Cli.Ran cli(String keys) {
    Map<String, String> environment = new HashMap<>(shop.environment());
    environment.put("OUTBOX_KEYS", keys);
    return Cli.run(environment, "keys", "rotate");
  }
}
