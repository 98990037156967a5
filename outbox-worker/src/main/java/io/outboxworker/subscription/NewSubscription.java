package io.outboxworker.subscription;

import io.outboxworker.subscription.InvalidSubscription.Fault;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.Signer;
import io.outboxworker.webhook.SigningKeyPair;
import io.outboxworker.webhook.SigningSecret;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant asks for; checked whole before anything is stored.
 *
 * @param secret null asks for a generated one
 */
public record NewSubscription(
    UUID tenantId, SubscriptionSettings settings, @Nullable String secret) {
  static final Fault NO_SECRET_WITH_KEYS =
      new Fault("secret", "secret can't be given with ed25519: its key pair is made here");

  /** One with the worker's defaults. */
  public NewSubscription(
      UUID tenantId,
      String event,
      String url,
      @Nullable String secret,
      @Nullable String description) {
    this(tenantId, SubscriptionSettings.of(url, event).describedAs(description), secret);
  }

  /** Everything that is wrong with it, each with what is allowed; empty where it can be stored. */
  List<Fault> faults(EndpointGuard guard) {
    List<Fault> faults = new ArrayList<>(settings.faults(guard, null));
    faults.addAll(secretFaults(secret));
    if (secret != null && settings.signature().equals(SubscriptionSettings.ED25519)) {
      faults.add(NO_SECRET_WITH_KEYS);
    }
    return faults;
  }

  /** What is wrong with a secret that somebody gave; nothing where none was given. */
  public static List<Fault> secretFaults(@Nullable String secret) {
    try {
      if (secret != null) {
        SigningSecret.of(secret);
      }
      return List.of();
    } catch (IllegalArgumentException e) {
      return List.of(new Fault("secret", String.valueOf(e.getMessage())));
    }
  }

  /** What it will be signed with: the secret that was given, else one that is made now. */
  static Signer signer(@Nullable String wanted, String signature) {
    if (signature.equals(SubscriptionSettings.ED25519)) {
      return SigningKeyPair.generate();
    }
    return wanted == null ? SigningSecret.generate() : SigningSecret.of(wanted);
  }

  /** The half of a key pair that everybody may have; null of a shared secret. */
  static byte @Nullable [] publicKey(Signer signer) {
    return signer instanceof SigningKeyPair pair ? pair.publicKey() : null;
  }
}
