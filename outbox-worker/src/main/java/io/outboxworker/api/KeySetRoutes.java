package io.outboxworker.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.outboxworker.database.TenantScope;
import io.outboxworker.subscription.PublicKeys.PublicKey;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Each tenant's public keys as a JSON Web Key Set (RFC 7517, 8037), for receivers that verify
 * without a secret. Needs no token; a tenant that nobody knows has no keys.
 */
public final class KeySetRoutes implements HttpService {
  private static final String PATH = "/.well-known/webhooks/{tenant_id}/jwks.json";

  private volatile List<ApiDatabase> databases = List.of();

  /** From now on the keys of these databases are served. */
  public void open(List<ApiDatabase> served) {
    databases = List.copyOf(served);
  }

  @Override
  public void routing(HttpRules rules) {
    Api.readOnly(rules, PATH, this::serve);
  }

  private void serve(ServerRequest request, ServerResponse response) {
    if (databases.isEmpty()) {
      throw Authentication.unavailable("the worker is starting");
    }
    UUID tenant = tenant(request);
    List<Map<String, String>> keys = new ArrayList<>();
    for (ApiDatabase database : databases) {
      TenantScope.during(tenant, "", "", () -> database.publicKeys().of(tenant))
          .forEach(key -> keys.add(webKey(key)));
    }
    Answer.secure(response);
    response.header(HeaderNames.CACHE_CONTROL, "public, max-age=300");
    response.header(HeaderNames.CONTENT_TYPE, "application/jwk-set+json");
    Answer.write(request, response, Json.of(Map.of("keys", keys)).getBytes(UTF_8));
  }

  private static UUID tenant(ServerRequest request) {
    try {
      return Fields.parseUuid(request.path().pathParameters().get("tenant_id"));
    } catch (IllegalArgumentException e) {
      throw Problem.notFound("tenant");
    }
  }

  private static Map<String, String> webKey(PublicKey key) {
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    String x = base64.encodeToString(key.key());
    // The members and their order are those of RFC 7638: the id is the key's own hash.
    String canonical = "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}".formatted(x);
    Map<String, String> members = new LinkedHashMap<>();
    members.put("kty", "OKP");
    members.put("crv", "Ed25519");
    members.put("x", x);
    members.put("kid", base64.encodeToString(sha256(canonical)));
    members.put("use", "sig");
    members.put("alg", "EdDSA");
    members.put("subscription_id", key.subscriptionId().toString());
    return members;
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
