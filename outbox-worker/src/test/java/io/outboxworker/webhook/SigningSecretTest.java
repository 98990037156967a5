package io.outboxworker.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import am.ik.webhook.WebhookAuthenticationException;
import am.ik.webhook.WebhookVerifier;
import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SigningSecretTest {
  // What is expected here was computed by openssl and by Python's hmac, not by the code under test.
  private static final String WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final String PLAIN = "a secret of the old kind ü";
  private static final String ID = "018d9a3e-7c1a-7d3f-8a52-6f0d6a1b2c3d";
  private static final long SECONDS = 1_707_924_645;
  private static final byte[] BODY = EnvelopeTest.KNOWN_BODY.getBytes(StandardCharsets.UTF_8);

  @Test
  void a_body_signature_is_keyed_by_the_whole_text() {
    assertThat(SigningSecret.of(WHSEC).bodySignature(BODY))
        .isEqualTo("sha256=aa9a5b5d65ee63a65f4f7ded3d12234d871017044fbb19b78bb930a319dfd6a7");
    assertThat(SigningSecret.of(PLAIN).bodySignature(BODY))
        .isEqualTo("sha256=7e4ffbce449556ff755286ec715f2883e0ee59b3ee9eab508abd7e0d6bcb9e54");
  }

  @Test
  void a_standard_signature_is_keyed_by_the_decoded_part_of_a_whsec_secret_or_else_by_the_text() {
    assertThat(SigningSecret.of(WHSEC).standardSignature(ID, SECONDS, BODY))
        .isEqualTo("v1,eTNhHDtuOvjmL6LjqK3Sjx6kxlMD8HiFaKHxRJ7eCdM=");
    assertThat(SigningSecret.of(PLAIN).standardSignature(ID, SECONDS, BODY))
        .isEqualTo("v1,QYiq/iFHeWJ3HmkJl4TFsNLdZGfZVNIl8Vgkt6m4fV4=");
  }

  @Test
  void the_library_of_standard_webhooks_verifies_what_we_sign() throws Exception {
    SigningSecret secret = SigningSecret.generate();
    long now = Instant.now().getEpochSecond();
    Map<String, List<String>> headers =
        Map.of(
            "webhook-id", List.of(ID),
            "webhook-timestamp", List.of(Long.toString(now)),
            "webhook-signature", List.of(secret.standardSignature(ID, now, BODY)));
    Webhook theirs = new Webhook(secret.text());

    theirs.verify(EnvelopeTest.KNOWN_BODY, headers);
    assertThatThrownBy(() -> theirs.verify(EnvelopeTest.KNOWN_BODY + " ", headers))
        .isInstanceOf(WebhookVerificationException.class);
  }

  @Test
  void a_verifier_made_for_github_verifies_what_we_sign() {
    SigningSecret secret = SigningSecret.generate();
    WebhookVerifier theirs = WebhookVerifier.gitHubSha256(secret.text());
    String signature = secret.bodySignature(BODY);

    assertThatCode(() -> theirs.verify(BODY, signature)).doesNotThrowAnyException();
    assertThatThrownBy(() -> theirs.verify("another body", signature))
        .isInstanceOf(WebhookAuthenticationException.class);
  }

  @Test
  void a_generated_secret_holds_32_random_bytes() {
    String text = SigningSecret.generate().text();
    assertThat(text).startsWith("whsec_").isNotEqualTo(SigningSecret.generate().text());
    assertThat(Base64.getDecoder().decode(text.substring(6))).hasSize(32);
  }

  @Test
  void many_threads_sign_with_one_secret() {
    SigningSecret secret = SigningSecret.of(WHSEC);
    Map<String, Boolean> signatures = new ConcurrentHashMap<>();
    IntStream.range(0, 5_000)
        .parallel()
        .forEach(i -> {
          signatures.put(secret.bodySignature(BODY), true);
          signatures.put(secret.standardSignature(ID, SECONDS, BODY), true);
        });
    assertThat(signatures).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "fifteen bytes..",
        "                    ",
        "\t\n              \n\t",
        "whsec_not base64 at all!",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_MfKQ9r8GKYqr-wjUPD8ILPZIo2LaLaSw",
        "half a surrogate pair \uD83D.",
      })
  void an_unfit_secret_is_refused_without_being_repeated(String text) {
    assertThatThrownBy(() -> SigningSecret.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("secret ")
        .satisfies(e -> assertThat(e.toString()).doesNotContain("MfKQ").doesNotContain("fifteen"));
  }

  @Test
  void its_length_is_counted_in_bytes_from_16_to_256() {
    assertThatCode(() -> SigningSecret.of("ü".repeat(8))).doesNotThrowAnyException();
    assertThatCode(() -> SigningSecret.of("ü".repeat(128))).doesNotThrowAnyException();
    assertThatThrownBy(() -> SigningSecret.of("ü".repeat(128) + "."))
        .hasMessage("secret has 257 bytes, allowed are 16 to 256");
  }

  @Test
  void it_never_shows_in_a_log_line() {
    assertThat(SigningSecret.of(PLAIN)).hasToString("whsec_…");
  }
}
