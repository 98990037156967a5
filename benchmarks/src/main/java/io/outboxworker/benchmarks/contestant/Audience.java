package io.outboxworker.benchmarks.contestant;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.webhook.SigningSecret;
import java.nio.ByteBuffer;
import java.util.Base64;

/**
 * Who gets what: tenants that take turns as the events' owners, each with the same number of
 * subscriptions to all of its events.
 */
public record Audience(int tenants, int perTenant) {
  /** The name of every event. */
  public static final String EVENT = "invoice.created";

  private static final String TEMPLATE =
      """
      {"invoice_id":"inv-000000000","invoice_number":"2026-000000000","amount":"1500.00","currency":"EUR",\
      "customer_name":"Acme Industries of Northern Europe","customer_email":"accounts.payable@acme.example",\
      "status":"sent","created_at":"2026-02-14T15:30:45.123456Z","lines":[{"product":"P-1001","quantity":3,\
      "price":"250.00"},{"product":"P-1002","quantity":1,"price":"750.00"}],"note":"thirty days, net"}\
      """;

  /** All subscriptions. */
  public int subscriptions() {
    return tenants * perTenant;
  }

  /** The owner of an event. */
  public int tenant(long seq) {
    return (int) (seq % tenants);
  }

  /** The data of an event: about 400 bytes of JSON. */
  public static String data(long seq) {
    return TEMPLATE.replace("000000000", "%09d".formatted(seq));
  }

  /** The same as an SQL expression. */
  public static String dataSql(String seq) {
    return "replace('%s', '000000000', lpad((%s)::text, 9, '0'))".formatted(TEMPLATE, seq);
  }

  /** What a subscription's webhooks are signed with. */
  public static SigningSecret secret(int subscription) {
    byte[] key = ByteBuffer.allocate(32).putInt(28, subscription).array();
    return SigningSecret.of("whsec_" + new String(Base64.getEncoder().encode(key), UTF_8));
  }
}
