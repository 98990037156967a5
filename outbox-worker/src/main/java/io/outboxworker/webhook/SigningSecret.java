package io.outboxworker.webhook;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A secret that both sides know; immutable, thread-safe, and silent in logs. */
public final class SigningSecret implements Signer {
  private static final String PREFIX = "whsec_";
  private static final int MIN_BYTES = 16;
  private static final int MAX_BYTES = 256;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String text;
  // Prototypes that are never fed: a clone starts with the key already prepared, on any thread.
  private final Mac bodyMac;
  private final Mac standardMac;

  private SigningSecret(String text, byte[] bodyKey, byte[] standardKey) {
    this.text = text;
    this.bodyMac = keyed(bodyKey);
    this.standardMac = Arrays.equals(bodyKey, standardKey) ? bodyMac : keyed(standardKey);
  }

  /**
   * The secret with this text, 16 to 256 bytes of UTF-8; IllegalArgumentException says what is
   * wrong with another one and never repeats it.
   */
  public static SigningSecret of(String text) {
    byte[] key = utf8(text);
    if (key.length < MIN_BYTES || key.length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "secret has %d bytes, allowed are %d to %d".formatted(key.length, MIN_BYTES, MAX_BYTES));
    }
    if (text.isBlank()) {
      throw new IllegalArgumentException("secret is blank");
    }
    return new SigningSecret(text, key, standardKey(text, key));
  }

  /** A new secret: {@code whsec_} and 32 random bytes in base64. */
  public static SigningSecret generate() {
    byte[] random = new byte[32];
    RANDOM.nextBytes(random);
    return of(PREFIX + Base64.getEncoder().encodeToString(random));
  }

  /** The secret itself, as its owner typed it or was shown it. */
  @Override
  public String text() {
    return text;
  }

  /** {@code sha256=} and the lower-case hex HMAC-SHA256 of the body, keyed by the text's bytes. */
  @Override
  public String bodySignature(byte[] body) {
    return "sha256=" + HexFormat.of().formatHex(fresh(bodyMac).doFinal(body));
  }

  /**
   * {@code v1,} and the base64 HMAC-SHA256 of {@code id.seconds.body}, keyed by the decoded part of
   * a {@code whsec_} secret, else by the text's bytes (Standard Webhooks).
   */
  @Override
  public String standardSignature(String id, long epochSeconds, byte[] body) {
    Mac mac = fresh(standardMac);
    mac.update((id + '.' + epochSeconds + '.').getBytes(StandardCharsets.UTF_8));
    return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
  }

  @Override
  public String toString() {
    return PREFIX + "…";
  }

  private static byte[] utf8(String text) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      return copy;
    } catch (CharacterCodingException e) {
      // A half of a surrogate pair would become "?", and the receiver would sign with another key.
      throw new IllegalArgumentException("secret is not valid Unicode", e);
    }
  }

  private static byte[] standardKey(String text, byte[] textBytes) {
    if (!text.startsWith(PREFIX)) {
      return textBytes;
    }
    String encoded = text.substring(PREFIX.length());
    try {
      // Receivers' libraries insist on the padding, the JDK's decoder does not.
      if (encoded.length() % 4 == 0) {
        return Base64.getDecoder().decode(encoded);
      }
    } catch (IllegalArgumentException e) {
      // Its message would repeat a character of the secret.
    }
    throw new IllegalArgumentException(
        "secret begins with whsec_ but what follows is not base64 with its padding");
  }

  private static Mac keyed(byte[] key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  private static Mac fresh(Mac prototype) {
    try {
      return (Mac) prototype.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's HmacSHA256 can be cloned", e);
    }
  }
}
