package io.outboxworker.subscription;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.outboxworker.subscription.KeyRing.SecretNotOpened;
import java.util.Base64;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyRingTest {

  private static final UUID TENANT = new UUID(1, 2);
  private static final UUID SUBSCRIPTION = new UUID(3, 4);
  private static final String SECRET = "whsec_Zm9vYmFyYmF6cXV1eA==";

  @Test
  void a_sealed_secret_opens_again() {
    var ring = KeyRing.parse(KeyRing.generate());
    assertThat(ring.open(TENANT, SUBSCRIPTION, ring.seal(TENANT, SUBSCRIPTION, SECRET)))
        .isEqualTo(SECRET);
  }

  @Test
  void any_text_survives_sealing() {
    var ring = KeyRing.parse(KeyRing.generate());
    for (var secret : new String[] {"", "pässwörd \uD83D\uDD11", "x".repeat(100_000)}) {
      assertThat(ring.open(TENANT, SUBSCRIPTION, ring.seal(TENANT, SUBSCRIPTION, secret)))
          .isEqualTo(secret);
    }
  }

  @Test
  void the_stored_form_is_version_key_id_iv_and_ciphertext_with_its_tag() {
    var sealed = KeyRing.parse(key(258)).seal(TENANT, SUBSCRIPTION, SECRET);
    assertThat(sealed).startsWith(1, 1, 2).hasSize(3 + 12 + SECRET.length() + 16);
    assertThat(new String(sealed, UTF_8)).doesNotContain("whsec_");
  }

  @Test
  void the_same_secret_is_sealed_differently_each_time() {
    var ring = KeyRing.parse(KeyRing.generate());
    assertThat(ring.seal(TENANT, SUBSCRIPTION, SECRET))
        .isNotEqualTo(ring.seal(TENANT, SUBSCRIPTION, SECRET));
  }

  @Test
  void a_secret_moved_to_another_row_does_not_open() {
    var ring = KeyRing.parse(KeyRing.generate());
    var sealed = ring.seal(TENANT, SUBSCRIPTION, SECRET);
    assertThatThrownBy(() -> ring.open(TENANT, new UUID(3, 5), sealed))
        .isInstanceOf(SecretNotOpened.class)
        .hasMessageContaining("does not open the secret of subscription");
    assertThatThrownBy(() -> ring.open(new UUID(1, 3), SUBSCRIPTION, sealed))
        .isInstanceOf(SecretNotOpened.class);
    assertThatThrownBy(() -> ring.open(SUBSCRIPTION, TENANT, sealed))
        .isInstanceOf(SecretNotOpened.class);
  }

  @Test
  void another_key_under_the_same_id_does_not_open_it() {
    var sealed = KeyRing.parse(KeyRing.generate()).seal(TENANT, SUBSCRIPTION, SECRET);
    assertThatThrownBy(() -> KeyRing.parse(KeyRing.generate()).open(TENANT, SUBSCRIPTION, sealed))
        .isInstanceOf(SecretNotOpened.class)
        .hasMessageStartingWith("Key 1 does not open");
  }

  @Test
  void a_missing_key_is_named() {
    var sealed = KeyRing.parse(key(7)).seal(TENANT, SUBSCRIPTION, SECRET);
    assertThatThrownBy(
            () -> KeyRing.parse(key(1) + "," + key(2)).open(TENANT, SUBSCRIPTION, sealed))
        .isInstanceOf(SecretNotOpened.class)
        .hasMessageContaining("needs key 7, OUTBOX_KEYS has [1, 2]");
  }

  @Test
  void every_flipped_bit_is_noticed() {
    var ring = KeyRing.parse(key(1) + "," + key(2));
    var sealed = ring.seal(TENANT, SUBSCRIPTION, SECRET);
    for (int bit = 0; bit < sealed.length * 8; bit++) {
      var changed = sealed.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> ring.open(TENANT, SUBSCRIPTION, changed))
          .isInstanceOf(SecretNotOpened.class);
    }
  }

  @Test
  void bytes_too_short_to_be_sealed_are_refused() {
    var ring = KeyRing.parse(KeyRing.generate());
    assertThatThrownBy(() -> ring.open(TENANT, SUBSCRIPTION, new byte[] {1, 0, 1}))
        .isInstanceOf(SecretNotOpened.class)
        .hasMessageContaining("not in a form known here");
    assertThatThrownBy(() -> ring.open(TENANT, SUBSCRIPTION, new byte[0]))
        .isInstanceOf(SecretNotOpened.class);
  }

  @Test
  void the_highest_id_encrypts_and_all_decrypt() {
    var first = key(1);
    var old = KeyRing.parse(first).seal(TENANT, SUBSCRIPTION, SECRET);
    var ring = KeyRing.parse("65535:" + material() + ", " + first);
    assertThat(ring.open(TENANT, SUBSCRIPTION, old)).isEqualTo(SECRET);
    var fresh = ring.seal(TENANT, SUBSCRIPTION, SECRET);
    assertThat(fresh).startsWith(1, 0xFF, 0xFF);
    assertThat(ring.open(TENANT, SUBSCRIPTION, fresh)).isEqualTo(SECRET);
    assertThat(ring.ids()).containsExactly(1, 65_535);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''               | key 1 of 1 is not <id>:<base64 of 32 bytes>",
        "abc              | key 1 of 1 is not <id>:<base64 of 32 bytes>",
        "1:               | key 1 of 1 is of 0 bytes, not 32",
        "1:AAAA           | key 1 of 1 is of 3 bytes, not 32",
        "1:?secret?       | key 1 of 1 is not base64",
        "1:AAAA,2:!,      | key 1 of 3 is of 3 bytes, not 32; key 2 of 3 is not base64; key 3 of 3"
            + " is not <id>:<base64 of 32 bytes>",
      })
  void faults_are_told_all_at_once(String text, String message) {
    assertThatThrownBy(() -> KeyRing.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 65_536, 99_999_999})
  void ids_outside_two_bytes_are_refused(int id) {
    assertThatThrownBy(() -> KeyRing.parse(key(id)))
        .hasMessage("key 1 of 1 has an id outside 1 to 65535");
  }

  @Test
  void an_id_given_twice_is_refused() {
    assertThatThrownBy(() -> KeyRing.parse(key(3) + "," + key(3)))
        .hasMessage("key 2 of 2 has the id 3 of another key");
  }

  @Test
  void neither_text_nor_faults_show_a_key() {
    var key = material();
    assertThat(KeyRing.parse("1:" + key)).hasToString("KeyRing[1]");
    assertThatThrownBy(() -> KeyRing.parse("x:" + key))
        .message()
        .doesNotContain(key.substring(0, 8));
  }

  @Test
  void each_generated_value_is_its_own() {
    assertThat(KeyRing.generate()).startsWith("1:").hasSize(46).isNotEqualTo(KeyRing.generate());
  }

  private static String key(int id) {
    return id + ":" + material();
  }

  private static String material() {
    var key = KeyRing.generate().substring(2);
    assertThat(Base64.getDecoder().decode(key)).hasSize(32);
    return key;
  }
}
