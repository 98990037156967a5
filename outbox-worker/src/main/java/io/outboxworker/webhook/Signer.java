package io.outboxworker.webhook;

import org.jspecify.annotations.Nullable;

/** What a subscription's webhooks are signed with; immutable, thread-safe, and silent in logs. */
public sealed interface Signer permits SigningSecret, SigningKeyPair {
  /** What has to be kept to sign again: as secret as can be. */
  String text();

  /** The value of {@code X-Signature}; null where only a shared secret could make one. */
  @Nullable String bodySignature(byte[] body);

  /** The signature of {@code id.seconds.body}, as Standard Webhooks writes it. */
  String standardSignature(String id, long epochSeconds, byte[] body);
}
