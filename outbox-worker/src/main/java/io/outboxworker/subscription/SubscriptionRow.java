package io.outboxworker.subscription;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.subscription.Subscription.PreviousSecret;
import io.outboxworker.webhook.Signer;
import io.outboxworker.webhook.SigningKeyPair;
import io.outboxworker.webhook.SigningSecret;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a row of {@code subscription} becomes a {@link Subscription}: the secrets are opened here.
 */
final class SubscriptionRow implements RowMapper<Subscription> {
  static final String COLUMNS =
      """
      s.id, s.tenant_id, s.url, s.event, s.active, s.description, s.headers::text as headers, s.retry_delays_ms,
      s.timeout_ms, s.max_in_flight, s.max_per_second, s.ordered, s.signature, s.secret, s.previous_secret,
      s.previous_secret_until, s.verified_at, s.failing_since, s.disabled_reason, s.disabled_at, s.deleted_at, s.created_at,
      s.updated_at\
      """;

  private static final Logger log = LoggerFactory.getLogger(SubscriptionRow.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final KeyRing keys;

  SubscriptionRow(KeyRing keys) {
    this.keys = keys;
  }

  @Override
  public Subscription map(ResultSet row, StatementContext context) throws SQLException {
    UUID id = row.getObject("id", UUID.class);
    UUID tenantId = row.getObject("tenant_id", UUID.class);
    return new Subscription(
        id,
        tenantId,
        row.getString("url"),
        row.getString("event"),
        row.getBoolean("active"),
        row.getString("description"),
        headers(row.getString("headers")),
        retryDelays(row.getArray("retry_delays_ms")),
        timeout(row.getObject("timeout_ms", Integer.class)),
        row.getObject("max_in_flight", Integer.class),
        row.getObject("max_per_second", Integer.class),
        row.getBoolean("ordered"),
        row.getString("signature"),
        secret(tenantId, id, row.getBytes("secret"), row.getString("signature")),
        previousSecret(tenantId, id, row),
        instant(row, "verified_at"),
        instant(row, "failing_since"),
        row.getString("disabled_reason"),
        instant(row, "disabled_at"),
        instant(row, "deleted_at"),
        row.getTimestamp("created_at").toInstant(),
        row.getTimestamp("updated_at").toInstant());
  }

  private @Nullable Signer secret(
      UUID tenantId, UUID id, byte @Nullable [] sealed, String signature) {
    if (sealed == null) {
      return null;
    }
    try {
      String text = keys.open(tenantId, id, sealed);
      return signature.equals(SubscriptionSettings.ED25519)
          ? SigningKeyPair.of(text)
          : SigningSecret.of(text);
    } catch (IllegalArgumentException | KeyRing.SecretNotOpened e) {
      log.atError().addKeyValue("error", e.getMessage()).log("signing secret cannot be used");
      return null;
    }
  }

  private @Nullable PreviousSecret previousSecret(UUID tenantId, UUID id, ResultSet row)
      throws SQLException {
    Signer secret =
        secret(tenantId, id, row.getBytes("previous_secret"), row.getString("signature"));
    Instant until = instant(row, "previous_secret_until");
    return secret == null || until == null ? null : new PreviousSecret(secret, until);
  }

  /** A row that was broken by hand must not keep the others from being read. */
  private static Map<String, String> headers(String json) {
    try {
      var headers = JSON.readValue(json, new TypeReference<LinkedHashMap<String, String>>() {});
      if (!headers.containsValue(null)) {
        return headers;
      }
    } catch (JsonProcessingException e) {
      // Told below; the text may be a secret.
    }
    log.error("custom headers are not an object of strings, and are left out");
    return Map.of();
  }

  /** Binds settings to the parameters that are named like their columns. */
  static Update bind(Update statement, SubscriptionSettings settings) {
    List<Duration> delays = settings.retryDelays();
    Duration timeout = settings.timeout();
    return statement
        .bind("url", settings.url())
        .bind("event", settings.event())
        .bind("active", settings.active())
        .bind("description", settings.description())
        .bind("headers", headersJson(settings.headers()))
        .bindByType(
            "retry_delays_ms",
            delays == null ? null : delays.stream().map(Duration::toMillis).toArray(Long[]::new),
            Long[].class)
        .bind("timeout_ms", timeout == null ? null : (Integer) (int) timeout.toMillis())
        .bind("max_in_flight", settings.maxInFlight())
        .bind("max_per_second", settings.maxPerSecond())
        .bind("ordered", settings.ordered());
  }

  private static String headersJson(Map<String, String> headers) {
    try {
      return JSON.writeValueAsString(headers);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings can always be written", e);
    }
  }

  private static @Nullable List<Duration> retryDelays(@Nullable Array millis) throws SQLException {
    return millis == null
        ? null
        : Arrays.stream((Long[]) millis.getArray()).map(Duration::ofMillis).toList();
  }

  private static @Nullable Duration timeout(@Nullable Integer millis) {
    return millis == null ? null : Duration.ofMillis(millis);
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp time = row.getTimestamp(column);
    return time == null ? null : time.toInstant();
  }
}
