package io.outboxworker.subscription;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys that signing secrets are encrypted with at rest: AES-256-GCM, the key of the highest id
 * encrypts, all decrypt. Immutable and safe for use by many threads.
 */
public final class KeyRing {

  /**
   * No key of the ring opens the secret: the key is missing or wrong, or the row is not its own.
   */
  public static final class SecretNotOpened extends RuntimeException {
    private SecretNotOpened(String message) {
      super(message);
    }
  }

  private static final byte VERSION = 1;
  private static final int KEY_BYTES = 32;
  private static final int IV_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final int HEADER_BYTES = 1 + Short.BYTES;
  private static final int ID_MAX = 0xFFFF;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Pattern ENTRY = Pattern.compile("(\\d{1,9}):(.*)");

  private final SortedMap<Integer, SecretKey> keys;

  private KeyRing(SortedMap<Integer, SecretKey> keys) {
    this.keys = keys;
  }

  /**
   * Reads {@code 1:<base64 of 32 bytes>[,2:…]}, ids from 1 to 65535; throws
   * IllegalArgumentException that tells every fault at once and no key.
   */
  public static KeyRing parse(String text) {
    var keys = new TreeMap<Integer, SecretKey>();
    var faults = new ArrayList<String>();
    var entries = text.split(",", -1);
    for (int i = 0; i < entries.length; i++) {
      try {
        add(keys, entries[i].strip());
      } catch (IllegalArgumentException fault) {
        faults.add("key " + (i + 1) + " of " + entries.length + " " + fault.getMessage());
      }
    }
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("; ", faults));
    }
    return new KeyRing(keys);
  }

  private static void add(SortedMap<Integer, SecretKey> keys, String entry) {
    var form = ENTRY.matcher(entry);
    if (!form.matches()) {
      throw new IllegalArgumentException("is not <id>:<base64 of 32 bytes>");
    }
    int id = Integer.parseInt(form.group(1));
    if (id < 1 || id > ID_MAX) {
      throw new IllegalArgumentException("has an id outside 1 to " + ID_MAX);
    }
    if (keys.containsKey(id)) {
      throw new IllegalArgumentException("has the id " + id + " of another key");
    }
    keys.put(id, new SecretKeySpec(keyBytes(form.group(2).strip()), "AES"));
  }

  private static byte[] keyBytes(String base64) {
    byte[] key;
    try {
      key = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      // The decoder's message quotes a character of the key, so it is not passed on.
      throw new IllegalArgumentException("is not base64");
    }
    if (key.length != KEY_BYTES) {
      throw new IllegalArgumentException("is of " + key.length + " bytes, not " + KEY_BYTES);
    }
    return key;
  }

  /** Makes a fresh {@code OUTBOX_KEYS} value of one random key with the id 1. */
  public static String generate() {
    return "1:" + Base64.getEncoder().encodeToString(random(KEY_BYTES));
  }

  /** Encrypts a secret for one row; it opens for the same tenant and subscription only. */
  public byte[] seal(UUID tenant, UUID subscription, String secret) {
    int id = keys.lastKey();
    byte[] iv = random(IV_BYTES);
    byte[] header = ByteBuffer.allocate(HEADER_BYTES).put(VERSION).putShort((short) id).array();
    try {
      var cipher = cipher(Cipher.ENCRYPT_MODE, id, iv, tenant, subscription);
      byte[] sealed = cipher.doFinal(secret.getBytes(UTF_8));
      return ByteBuffer.allocate(header.length + iv.length + sealed.length)
          .put(header)
          .put(iv)
          .put(sealed)
          .array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no AES-256-GCM", e);
    }
  }

  /**
   * Decrypts what {@link #seal} made for the same row; throws {@link SecretNotOpened} where it
   * can't.
   */
  public String open(UUID tenant, UUID subscription, byte[] sealed) {
    if (sealed.length < HEADER_BYTES + IV_BYTES + TAG_BITS / 8 || sealed[0] != VERSION) {
      throw new SecretNotOpened(
          "The secret of subscription " + subscription + " is not in a form known here");
    }
    var bytes = ByteBuffer.wrap(sealed, 1, sealed.length - 1);
    int id = Short.toUnsignedInt(bytes.getShort());
    if (!keys.containsKey(id)) {
      throw new SecretNotOpened(
          "The secret of subscription "
              + subscription
              + " needs key "
              + id
              + ", OUTBOX_KEYS has "
              + ids());
    }
    byte[] iv = new byte[IV_BYTES];
    byte[] rest = new byte[bytes.get(iv).remaining()];
    bytes.get(rest);
    try {
      return new String(
          cipher(Cipher.DECRYPT_MODE, id, iv, tenant, subscription).doFinal(rest), UTF_8);
    } catch (AEADBadTagException e) {
      throw new SecretNotOpened(
          "Key " + id + " does not open the secret of subscription " + subscription);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no AES-256-GCM", e);
    }
  }

  /** The ids of the keys in ascending order; the last one encrypts. */
  public List<Integer> ids() {
    return List.copyOf(keys.keySet());
  }

  // The header needs no place in the associated data: another key id opens nothing.
  private Cipher cipher(int mode, int id, byte[] iv, UUID tenant, UUID subscription)
      throws GeneralSecurityException {
    var cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, keys.get(id), new GCMParameterSpec(TAG_BITS, iv));
    cipher.updateAAD(
        ByteBuffer.allocate(4 * Long.BYTES)
            .putLong(tenant.getMostSignificantBits())
            .putLong(tenant.getLeastSignificantBits())
            .putLong(subscription.getMostSignificantBits())
            .putLong(subscription.getLeastSignificantBits())
            .array());
    return cipher;
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  @Override
  public String toString() {
    return "KeyRing" + ids();
  }
}
