package io.outboxworker.delivery;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.outboxworker.webhook.Envelope;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** Looks one delivery up with its payload and its attempts, whichever table it lies in. */
public final class DeliveryDetails {
  private static final String MASK = "…";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Jdbi jdbi;
  private final String source;
  private final String userAgent;

  /**
   * @param source what {@code metadata.source} of every body says
   * @param userAgent what every request says
   */
  public DeliveryDetails(Jdbi jdbi, String source, String userAgent) {
    this.jdbi = jdbi;
    this.source = source;
    this.userAgent = userAgent;
  }

  /** The tenant's delivery with this id. */
  public Optional<DeliveryDetail> find(UUID tenantId, UUID id) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select d.*, e.tenant_id, e.resource_type, coalesce(d.known_resource_id, e.resource_id) as resource_id,
                  e.data::text as data, e.erased_at, e.traceparent, e.occurred_at, s.headers::text as headers,
                  s.signature, s.previous_secret_until
                from (
                  select %s, t.history::text as history, t.replay_of, t.resource_id as known_resource_id
                  from delivery t where t.id = :id and t.tenant_id = :tenant
                  union all
                  select %s, t.history::text, t.replay_of, t.resource_id
                  from delivery_log t where t.id = :id and t.tenant_id = :tenant) d
                left join event_log e on e.id = d.event_id
                left join subscription s on s.id = d.subscription_id
                """
                    .formatted(DeliverySource.NOT_FINAL, DeliverySource.FINAL))
            .bind("tenant", tenantId)
            .bind("id", id)
            .map((row, context) -> detail(row, DeliveryList.item(row, context)))
            .findFirst());
  }

  private DeliveryDetail detail(ResultSet row, DeliveryItem item) throws SQLException {
    List<SeenAttempt> history = History.read(row.getString("history"));
    String payload = payload(row, item);
    return new DeliveryDetail(
        item,
        row.getObject("replay_of", UUID.class),
        row.getString("resource_type"),
        row.getString("resource_id"),
        payload,
        history.isEmpty() ? null : requestHeaders(row, item, history.getLast(), payload),
        history);
  }

  private @Nullable String payload(ResultSet row, DeliveryItem item) throws SQLException {
    if (row.getString("data") == null || row.getTimestamp("erased_at") != null) {
      return null;
    }
    Envelope envelope =
        new Envelope(
            item.eventId(),
            row.getObject("tenant_id", UUID.class),
            item.event(),
            row.getString("resource_type"),
            row.getString("resource_id"),
            row.getObject("occurred_at", OffsetDateTime.class).toInstant(),
            row.getString("data"));
    return new String(envelope.body(source), UTF_8);
  }

  /** In the sender's own order: what is custom first, since it never replaces the rest. */
  private Map<String, String> requestHeaders(
      ResultSet row, DeliveryItem item, SeenAttempt last, @Nullable String payload)
      throws SQLException {
    Map<String, String> headers = new LinkedHashMap<>(customHeaders(row.getString("headers")));
    headers.put("Content-Type", "application/json");
    if (payload != null) {
      headers.put("Content-Length", Integer.toString(payload.getBytes(UTF_8).length));
    }
    headers.put("User-Agent", userAgent);
    headers.put("X-Webhook-Event", item.event());
    headers.put("X-Webhook-Delivery", item.id().toString());
    headers.put("X-Webhook-Attempt", Integer.toString(last.attempt()));
    putSignatures(headers, row, last.at());
    headers.put("webhook-id", item.eventId().toString());
    headers.put("webhook-timestamp", Long.toString(last.at().getEpochSecond()));
    if (row.getString("traceparent") != null) {
      headers.put("traceparent", row.getString("traceparent"));
    }
    return headers;
  }

  private static void putSignatures(Map<String, String> headers, ResultSet row, Instant at)
      throws SQLException {
    var overlap = row.getTimestamp("previous_secret_until");
    boolean twice = overlap != null && overlap.toInstant().isAfter(at);
    boolean keyPair = "ed25519".equals(row.getString("signature"));
    if (!keyPair) {
      headers.put("X-Signature", "sha256=" + MASK);
      if (twice) {
        headers.put("X-Signature-Previous", "sha256=" + MASK);
      }
    }
    String signature = (keyPair ? "v1a," : "v1,") + MASK;
    headers.put("webhook-signature", twice ? signature + " " + signature : signature);
  }

  private static Map<String, String> customHeaders(@Nullable String json) {
    try {
      return json == null
          ? Map.of()
          : JSON.readValue(json, new TypeReference<LinkedHashMap<String, String>>() {});
    } catch (JsonProcessingException e) {
      // Broken by hand: the sender leaves them out as well.
      return Map.of();
    }
  }
}
