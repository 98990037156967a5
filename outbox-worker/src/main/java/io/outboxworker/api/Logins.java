package io.outboxworker.api;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.source.ImmutableSecret;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.net.MalformedURLException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logins of a product that has them already: its signed tokens (JWT) name the tenant in a
 * claim. RS256 and ES256 by the provider's published keys, or HS256 by a shared secret.
 * Thread-safe.
 */
final class Logins {
  /** Whose login it is; the database is named where the tenant lives in one of several. */
  record Login(UUID tenantId, String name, @Nullable String database) {}

  private static final Logger log = LoggerFactory.getLogger(Logins.class);
  private static final int FETCH_LIMIT_MS = 2_000;
  private static final int MAX_KEYS_BYTES = 256 * 1024;
  private static final int CLOCK_SKEW_SECONDS = 5;
  private static final int MAX_NAME = 200;

  private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
  private final String tenantClaim;

  Logins(JwtRules rules) {
    tenantClaim = rules.tenantClaim();
    String secret = rules.secret();
    URI url = rules.jwksUrl();
    // The algorithms go with the kind of key, or a public key would pass for a shared secret.
    processor.setJWSKeySelector(
        url == null
            ? new JWSVerificationKeySelector<>(
                JWSAlgorithm.HS256,
                new ImmutableSecret<>(String.valueOf(secret).getBytes(StandardCharsets.UTF_8)))
            : new JWSVerificationKeySelector<>(
                Set.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256), published(url)));
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    var expected = new JWTClaimsSet.Builder();
    if (rules.issuer() != null) {
      expected.issuer(rules.issuer());
    }
    var claims =
        new DefaultJWTClaimsVerifier<SecurityContext>(
            rules.audience(), expected.build(), Set.of(tenantClaim));
    claims.setMaxClockSkew(CLOCK_SKEW_SECONDS);
    processor.setJWTClaimsSetVerifier(claims);
  }

  /**
   * Whose login this token is; empty where it is wrong or expired. A 503 where the provider's keys
   * can't be had.
   */
  Optional<Login> login(String token) {
    try {
      return login(processor.process(token, null));
    } catch (KeySourceException e) {
      log.atWarn().addKeyValue("error", e.getMessage()).log("the identity provider has no keys");
      throw Authentication.unavailable("the identity provider does not answer");
    } catch (BadJOSEException | JOSEException | ParseException e) {
      return Optional.empty();
    }
  }

  private Optional<Login> login(JWTClaimsSet claims) throws ParseException {
    try {
      UUID tenant = Fields.parseUuid(String.valueOf(claims.getStringClaim(tenantClaim)));
      String subject = claims.getSubject();
      String name = subject == null ? "login" : subject.replaceAll("\\p{Cntrl}", "?");
      return Optional.of(
          new Login(
              tenant,
              name.length() > MAX_NAME ? name.substring(0, MAX_NAME) : name,
              claims.getStringClaim("database")));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static JWKSource<SecurityContext> published(URI url) {
    try {
      return JWKSourceBuilder.create(
              url.toURL(),
              new DefaultResourceRetriever(FETCH_LIMIT_MS, FETCH_LIMIT_MS, MAX_KEYS_BYTES))
          .outageTolerantForever()
          .build();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
