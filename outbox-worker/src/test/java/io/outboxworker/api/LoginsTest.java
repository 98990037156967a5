package io.outboxworker.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.RawReceiver;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.net.URI;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tokens that an identity provider signed. */
@SuppressWarnings("JavaUtilDate") // the library's own type for times
final class LoginsTest {
  private static final String SECRET = "a shared secret of thirty-two bytes";
  private static final UUID TENANT = UUID.randomUUID();

  private final Logins bySecret = new Logins(rules(null, SECRET));

  @Test
  void a_token_signed_with_the_shared_secret_names_its_tenant_and_its_subject() throws Exception {
    assertThat(bySecret.login(hs256(claims().build())))
        .hasValue(new Logins.Login(TENANT, "ana@example.com", null));
  }

  @Test
  void what_is_wrong_in_any_way_is_no_login() throws Exception {
    var other = new MACSigner("another secret of thirty-two bytes!");
    List<String> wrong =
        List.of(
            hs256(claims().expirationTime(Date.from(Instant.now().minusSeconds(60))).build()),
            hs256(claims().notBeforeTime(Date.from(Instant.now().plusSeconds(60))).build()),
            hs256(claims().issuer("https://somebody.example").build()),
            hs256(claims().audience("others").build()),
            hs256(claims().claim("tenant_id", "1").build()),
            hs256(claims().claim("tenant_id", null).build()),
            hs256(claims().claim("tenant_id", List.of(TENANT.toString())).build()),
            signed(JWSAlgorithm.HS256, null, other, claims().build()),
            signed(JWSAlgorithm.HS512, null, new MACSigner(SECRET.repeat(2)), claims().build()),
            new PlainJWT(claims().build()).serialize(),
            hs256(claims().build()) + "x",
            "a.b.c",
            ".",
            "..");

    assertThat(wrong).allSatisfy(token -> assertThat(bySecret.login(token)).isEmpty());
  }

  @Test
  void published_keys_verify_rs256_and_es256_and_nothing_else() throws Exception {
    RSAKey rsa = new RSAKeyGenerator(2048).keyID("r").generate();
    ECKey ec = new ECKeyGenerator(Curve.P_256).keyID("e").generate();
    String keys = new JWKSet(List.of(rsa, ec)).toString(true);
    try (RawReceiver provider =
        RawReceiver.answering(RawReceiver.response(200, keys, "Content-Type: application/json"))) {
      var byKeys = new Logins(rules(provider.url(), null));

      assertThat(
              byKeys.login(
                  signed(JWSAlgorithm.RS256, "r", new RSASSASigner(rsa), claims().build())))
          .isPresent();
      assertThat(
              byKeys.login(signed(JWSAlgorithm.ES256, "e", new ECDSASigner(ec), claims().build())))
          .isPresent();
      // The public key as if it were a shared secret.
      var confused = new MACSigner(rsa.toRSAPublicKey().getEncoded());
      assertThat(byKeys.login(signed(JWSAlgorithm.HS256, "r", confused, claims().build())))
          .isEmpty();
      assertThat(
              byKeys.login(
                  signed(JWSAlgorithm.PS256, "r", new RSASSASigner(rsa), claims().build())))
          .isEmpty();
      assertThat(byKeys.login(new PlainJWT(claims().build()).serialize())).isEmpty();
      assertThat(provider.requests()).hasSize(1);
    }
  }

  @Test
  void a_provider_that_is_away_is_no_reason_to_send_the_caller_away() throws Exception {
    URI nowhere;
    try (RawReceiver provider = RawReceiver.answering(500)) {
      nowhere = provider.url();
    }
    RSAKey rsa = new RSAKeyGenerator(2048).keyID("r").generate();
    String token = signed(JWSAlgorithm.RS256, "r", new RSASSASigner(rsa), claims().build());

    assertThatThrownBy(() -> new Logins(rules(nowhere, null)).login(token))
        .isInstanceOfSatisfying(
            Problem.class,
            problem -> assertThat(problem.kind()).isEqualTo(Problem.Kind.UNAVAILABLE));
  }

  @Test
  void a_login_calls_the_api_as_its_tenant_and_a_token_works_beside_it() throws Exception {
    try (Shop shop = new Shop();
        Workers workers = new Workers(shop)) {
      var worker = workers.start("OUTBOX_JWT_SECRET", SECRET, "OUTBOX_JWT_TENANT_CLAIM", "org");
      String token = hs256(claims().claim("org", shop.tenant().toString()).build());
      try (ApiClient login = ApiClient.with(worker, shop.tenant(), token);
          ApiClient byToken = ApiClient.of(worker, shop);
          ApiClient expired =
              ApiClient.with(
                  worker,
                  shop.tenant(),
                  hs256(
                      claims()
                          .claim("org", shop.tenant().toString())
                          .expirationTime(new Date(0))
                          .build()))) {
        String id =
            login.post("/subscriptions", "{'url':'http://127.0.0.1:9/','event':'*'}").text("id");

        assertThat(byToken.get("/subscriptions/" + id).status()).isEqualTo(200);
        assertThat(expired.get("/subscriptions").status()).isEqualTo(401);
      }
    }
  }

  private static JwtRules rules(@Nullable URI keys, @Nullable String secret) {
    return new JwtRules(keys, secret, "tenant_id", "https://id.example", "webhooks");
  }

  private static JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .issuer("https://id.example")
        .audience("webhooks")
        .subject("ana@example.com")
        .expirationTime(Date.from(Instant.now().plusSeconds(60)))
        .claim("tenant_id", TENANT.toString());
  }

  private static String hs256(JWTClaimsSet claims) throws JOSEException {
    return signed(JWSAlgorithm.HS256, null, new MACSigner(SECRET), claims);
  }

  private static String signed(
      JWSAlgorithm algorithm, @Nullable String keyId, JWSSigner signer, JWTClaimsSet claims)
      throws JOSEException {
    var header = new JWSHeader.Builder(algorithm).type(JOSEObjectType.JWT).keyID(keyId).build();
    var token = new SignedJWT(header, claims);
    token.sign(signer);
    return token.serialize();
  }
}
