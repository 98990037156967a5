package io.outboxworker.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.api.Tokens;
import io.outboxworker.testing.Shop;
import io.outboxworker.webhook.SigningSecret;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class DumpTest {
  @Test
  void a_dump_of_every_table_holds_no_secret_no_private_key_and_no_token() {
    try (Shop shop = new Shop()) {
      Subscriptions subscriptions = shop.subscriptions();
      List<String> secrets = new ArrayList<>();
      UUID id = shop.subscribe("*", "http://127.0.0.1:9/");
      secrets.add(Shop.SECRET);
      var rotated =
          subscriptions.rotateSecret(shop.tenant(), id, null, Duration.ofHours(1)).orElseThrow();
      secrets.add(rotated.secret().text());
      var settings = SubscriptionSettings.of("http://127.0.0.1:9/", "*");
      var asymmetric =
          new SubscriptionSettings(
              settings.url(),
              "*",
              true,
              null,
              settings.headers(),
              null,
              null,
              null,
              null,
              false,
              "ed25519");
      var pair = subscriptions.add(new NewSubscription(shop.tenant(), asymmetric, null));
      secrets.add(pair.secret().text());
      subscriptions.rotateSecret(
          shop.tenant(), pair.subscription().id(), null, Duration.ofHours(1));
      secrets.add(new Tokens(shop.jdbi()).create(shop.tenant(), "canary", null));

      String dump = dump(shop);
      assertThat(dump).contains(id.toString(), "canary");
      for (String secret : secrets) {
        for (String form : forms(secret)) {
          assertThat(dump).doesNotContainIgnoringCase(form);
        }
      }
      assertThat(rotated.secret()).isInstanceOf(SigningSecret.class);
    }
  }

  private static String dump(Shop shop) {
    List<String> tables =
        shop.database()
            .texts(
                """
                select c.relname from pg_class c
                where c.relnamespace = 'webhooks'::regnamespace and c.relkind = 'r'
                """);
    assertThat(tables).contains("subscription", "api_token", "audit_log", "flyway_schema_history");
    StringBuilder dump = new StringBuilder();
    for (String table : tables) {
      shop.database()
          .texts("select t::text from webhooks.%s t".formatted(table))
          .forEach(dump::append);
    }
    return dump.toString();
  }

  /** The text itself, and its bytes as PostgreSQL and others would write them. */
  private static List<String> forms(String secret) {
    byte[] utf8 = secret.getBytes(StandardCharsets.UTF_8);
    String body = secret.replaceFirst("^(whsec|whsk|whk)_", "");
    List<String> forms =
        new ArrayList<>(
            List.of(
                secret,
                body,
                HexFormat.of().formatHex(utf8),
                Base64.getEncoder().withoutPadding().encodeToString(utf8)));
    if (secret.startsWith("whs")) {
      byte[] key = Base64.getDecoder().decode(body);
      // Of a key pair the first half is the secret one.
      forms.add(HexFormat.of().formatHex(key, 0, 32));
    }
    return forms;
  }
}
