package io.outboxworker.api;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * How tokens of an identity provider are verified: exactly one of jwksUrl and secret is there. Its
 * text masks the secret.
 *
 * @param tenantClaim which claim holds the tenant's id
 * @param issuer what the claim {@code iss} must be; null where any will do
 * @param audience what the claim {@code aud} must hold; null where any will do
 */
public record JwtRules(
    @Nullable URI jwksUrl,
    @Nullable String secret,
    String tenantClaim,
    @Nullable String issuer,
    @Nullable String audience) {
  @Override
  public String toString() {
    return "JwtRules[" + (jwksUrl != null ? jwksUrl : "***") + "]";
  }
}
