package io.outboxworker.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import io.outboxworker.Worker;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.EndToEnd;
import io.outboxworker.testing.TestReceiver.Received;
import java.io.ByteArrayOutputStream;
import java.text.ParseException;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** A receiver that knows no secret: it fetches the keys and verifies with another library. */
class KeySetRoutesTest extends EndToEnd {
  private final Worker worker = workers.start();
  @AutoClose private final ApiClient api = ApiClient.of(worker, shop);

  @Test
  void a_webhook_is_verified_by_the_published_key_alone_also_over_a_rotation() throws Exception {
    String id = subscribe("/asymmetric");
    Received first = next(1);
    assertThat(first.headers()).doesNotContainKeys("x-signature", "x-signature-previous");
    List<OctetKeyPair> keys = keys();
    assertThat(keys).hasSize(1);
    assertThat(keys.get(0).isPrivate()).isFalse();
    assertThat(keys.get(0).getKeyID()).isEqualTo(keys.get(0).computeThumbprint().toString());
    assertThat(verifies(keys.get(0), first)).containsExactly(true);

    assertThat(api.post("/subscriptions/" + id + "/rotate-secret", "{'overlap': '1h'}").status())
        .isEqualTo(200);
    List<OctetKeyPair> overlap = keys();
    assertThat(overlap).hasSize(2);
    assertThat(overlap.get(1).getX()).isEqualTo(keys.get(0).getX());
    await().atMost(20, TimeUnit.SECONDS).until(() -> signatures(next()).size() == 2);
    Received later = receiver.received().get(receiver.received().size() - 1);
    assertThat(verifies(overlap.get(0), later)).containsExactly(true, false);
    assertThat(verifies(overlap.get(1), later)).containsExactly(false, true);

    api.post("/subscriptions/" + id + "/rotate-secret", "{'overlap': '0s'}");
    assertThat(keys()).hasSize(1);
    api.delete("/subscriptions/" + id);
    assertThat(keys()).isEmpty();
  }

  @Test
  void the_private_key_is_never_shown_and_none_can_be_given() {
    var created = api.post("/subscriptions", body("/a"));
    assertThat(created.status()).isEqualTo(201);
    assertThat(created.text("signature")).isEqualTo("ed25519");
    assertThat(created.body().has("secret")).isFalse();
    String id = created.text("id");
    assertThat(api.post("/subscriptions/" + id + "/rotate-secret").body().has("secret")).isFalse();
    assertThat(
            api.post("/subscriptions/" + id + "/rotate-secret", "{'secret': '0123456789abcdef'}")
                .status())
        .isEqualTo(422);
    var given =
        api.post("/subscriptions", body("/a").replace("{", "{'secret': '0123456789abcdef', "));
    assertThat(given.status()).isEqualTo(422);
    assertThat(given.raw().body()).contains("ed25519").doesNotContain("0123456789abcdef");
  }

  @Test
  void another_tenant_and_an_unknown_one_have_no_keys_here() throws Exception {
    api.post("/subscriptions", body("/a"));
    assertThat(keys(UUID.randomUUID())).isEmpty();
    assertThat(workers.get(worker, "/.well-known/webhooks/nonsense/jwks.json").statusCode())
        .isEqualTo(404);
    var answer = workers.get(worker, path(shop.tenant()));
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/jwk-set+json");
    assertThat(answer.headers().firstValue("Cache-Control")).contains("public, max-age=300");
    assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
  }

  private String subscribe(String path) {
    return api.post("/subscriptions", body(path)).text("id");
  }

  private String body(String path) {
    return "{'url': '%s', 'event': '*', 'signature': 'ed25519'}".formatted(receiver.url(path));
  }

  private Received next(int number) {
    shop.publish("invoice.created", "{\"n\":" + number + "}");
    await().atMost(20, TimeUnit.SECONDS).until(() -> receiver.received().size() >= number);
    return receiver.received().get(number - 1);
  }

  private Received next() {
    return next(receiver.received().size() + 1);
  }

  private List<OctetKeyPair> keys() throws ParseException {
    return keys(shop.tenant());
  }

  private List<OctetKeyPair> keys(UUID tenant) throws ParseException {
    return JWKSet.parse(workers.get(worker, path(tenant)).body()).getKeys().stream()
        .map(OctetKeyPair.class::cast)
        .toList();
  }

  private static String path(UUID tenant) {
    return "/.well-known/webhooks/" + tenant + "/jwks.json";
  }

  private static List<String> signatures(Received post) {
    return List.of(post.header("webhook-signature").split(" ", -1));
  }

  /** Of each signature in the header whether this key verifies it. */
  private static List<Boolean> verifies(OctetKeyPair key, Received post) {
    ByteArrayOutputStream signed = new ByteArrayOutputStream();
    signed.writeBytes(
        (post.header("webhook-id") + "." + post.header("webhook-timestamp") + ".").getBytes(UTF_8));
    signed.writeBytes(post.body());
    return signatures(post).stream()
        .map(signature -> {
          assertThat(signature).startsWith("v1a,");
          Ed25519Signer verifier = new Ed25519Signer();
          verifier.init(false, new Ed25519PublicKeyParameters(key.getX().decode()));
          verifier.update(signed.toByteArray(), 0, signed.size());
          return verifier.verifySignature(Base64.getDecoder().decode(signature.substring(4)));
        })
        .toList();
  }
}
