package io.outboxworker.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * An Ed25519 key pair: it signs with a key that never leaves, and everybody may verify with the
 * other one ({@code v1a} of Standard Webhooks).
 */
public final class SigningKeyPair implements Signer {
  private static final String PREFIX = "whsk_";
  private static final String ALGORITHM = "Ed25519";
  private static final int KEY_BYTES = 32;

  private final byte[] seed;
  private final byte[] publicKey;
  private final PrivateKey privateKey;

  private SigningKeyPair(byte[] seed, byte[] publicKey) {
    this.seed = seed;
    this.publicKey = publicKey;
    try {
      privateKey =
          KeyFactory.getInstance(ALGORITHM)
              .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has Ed25519", e);
    }
  }

  /** A new pair. */
  public static SigningKeyPair generate() {
    try {
      KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
      byte[] seed = ((EdECPrivateKey) pair.getPrivate()).getBytes().orElseThrow();
      // The key itself ends the form of X.509, behind a header of fixed length.
      byte[] encoded = pair.getPublic().getEncoded();
      return new SigningKeyPair(
          seed, Arrays.copyOfRange(encoded, encoded.length - KEY_BYTES, encoded.length));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has Ed25519", e);
    }
  }

  /** The pair with this text; IllegalArgumentException, without the text, where it is none. */
  public static SigningKeyPair of(String text) {
    byte[] both = text.startsWith(PREFIX) ? decoded(text.substring(PREFIX.length())) : new byte[0];
    if (both.length != 2 * KEY_BYTES) {
      throw new IllegalArgumentException("not a private key for Ed25519");
    }
    return new SigningKeyPair(
        Arrays.copyOf(both, KEY_BYTES), Arrays.copyOfRange(both, KEY_BYTES, both.length));
  }

  /** {@code whsk_} and the base64 of private and public key, 32 bytes each. */
  @Override
  public String text() {
    byte[] both = Arrays.copyOf(seed, 2 * KEY_BYTES);
    System.arraycopy(publicKey, 0, both, KEY_BYTES, KEY_BYTES);
    return PREFIX + Base64.getEncoder().encodeToString(both);
  }

  /** The 32 bytes that everybody may have. */
  public byte[] publicKey() {
    return publicKey.clone();
  }

  @Override
  public @Nullable String bodySignature(byte[] body) {
    return null;
  }

  /** {@code v1a,} and the base64 of the signature. */
  @Override
  public String standardSignature(String id, long epochSeconds, byte[] body) {
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initSign(privateKey);
      signature.update((id + '.' + epochSeconds + '.').getBytes(StandardCharsets.UTF_8));
      signature.update(body);
      return "v1a," + Base64.getEncoder().encodeToString(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has Ed25519", e);
    }
  }

  private static byte[] decoded(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      // Its message would repeat a character of the key.
      return new byte[0];
    }
  }

  @Override
  public String toString() {
    return PREFIX + "…";
  }
}
