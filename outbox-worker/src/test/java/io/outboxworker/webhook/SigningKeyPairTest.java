package io.outboxworker.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SigningKeyPairTest {
  private static final byte[] BODY = "{\"a\":\"é\"}".getBytes(StandardCharsets.UTF_8);

  @Test
  void another_library_verifies_what_a_pair_signs_and_signs_the_very_same() {
    SigningKeyPair pair = SigningKeyPair.generate();
    String signature = pair.standardSignature("evt-1", 1_707_924_645, BODY);
    assertThat(signature).startsWith("v1a,");
    byte[] bytes = Base64.getDecoder().decode(signature.substring(4));
    byte[] signed = signed("evt-1.1707924645.");

    Ed25519Signer verifier = new Ed25519Signer();
    verifier.init(false, new Ed25519PublicKeyParameters(pair.publicKey()));
    verifier.update(signed, 0, signed.length);
    assertThat(verifier.verifySignature(bytes)).isTrue();

    // Ed25519 leaves nothing to chance: who has the seed makes the same 64 bytes.
    byte[] seed = Base64.getDecoder().decode(pair.text().substring("whsk_".length()));
    Ed25519Signer signer = new Ed25519Signer();
    signer.init(true, new Ed25519PrivateKeyParameters(seed, 0));
    signer.update(signed, 0, signed.length);
    assertThat(signer.generateSignature()).isEqualTo(bytes);
  }

  @Test
  void the_keys_of_the_rfc_belong_together() {
    // RFC 8032, 7.1, test 1.
    byte[] seed =
        HexFormat.of().parseHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    byte[] key =
        HexFormat.of().parseHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    byte[] both = new byte[64];
    System.arraycopy(seed, 0, both, 0, 32);
    System.arraycopy(key, 0, both, 32, 32);
    SigningKeyPair pair = SigningKeyPair.of("whsk_" + Base64.getEncoder().encodeToString(both));
    assertThat(pair.publicKey()).isEqualTo(key);
    assertThat(new Ed25519PrivateKeyParameters(seed).generatePublicKey().getEncoded())
        .isEqualTo(pair.publicKey());
  }

  @Test
  void a_pair_outlives_being_stored() {
    SigningKeyPair pair = SigningKeyPair.generate();
    SigningKeyPair again = SigningKeyPair.of(pair.text());
    assertThat(again.publicKey()).isEqualTo(pair.publicKey());
    assertThat(again.standardSignature("i", 1, BODY))
        .isEqualTo(pair.standardSignature("i", 1, BODY));
    assertThat(SigningKeyPair.generate().text()).isNotEqualTo(pair.text());
    assertThat(pair.bodySignature(BODY)).isNull();
    assertThat(pair).hasToString("whsk_…");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "whsk_", "whsk_AAAA", "whsec_AAAA", "whsk_not base64", "whsk_%%%%"})
  void what_is_no_pair_is_refused_without_repeating_it(String text) {
    assertThatThrownBy(() -> SigningKeyPair.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("not a private key for Ed25519");
  }

  private static byte[] signed(String head) {
    byte[] start = head.getBytes(StandardCharsets.UTF_8);
    byte[] all = new byte[start.length + BODY.length];
    System.arraycopy(start, 0, all, 0, start.length);
    System.arraycopy(BODY, 0, all, start.length, BODY.length);
    return all;
  }
}
