package io.outboxworker.browser;

import static org.awaitility.Awaitility.await;

import io.outboxworker.browser.Endpoints.Answer;
import java.time.Duration;

/** A day in the life of a made-up tenant: much that works, an endpoint that is down, one gone. */
final class StagedShop {
  private static final String ACCEPTED = "{\"accepted\":true}";

  private final Stand stand;
  private String billing = "";
  private String gone = "";

  StagedShop(Stand stand) {
    this.stand = stand;
  }

  /** The subscription that fails now and then. */
  String billing() {
    return billing;
  }

  /** The one that was disabled by a 410. */
  String gone() {
    return gone;
  }

  /** A delivery that failed. */
  String failed() {
    return stand.api().get("/deliveries?status=failed&limit=1").text("/items/0/id");
  }

  void open() {
    stand.endpoints().answer("/v2/billing", new Answer(200, ACCEPTED));
    stand.endpoints().answer("/ingest", new Answer(202, ACCEPTED));
    stand.endpoints().answer("/erp", new Answer(410, "moved away"));
    billing = subscribe("/v2/billing", "invoice.*", "Billing");
    subscribe("/ingest", "*", "Data lake");
    gone = subscribe("/erp", "sales_order.*", "ERP of the partner");
    subscribe("/stock/alerts", "inventory.low", "Stock alerts");
    past();
    for (int round = 1; round <= 4; round++) {
      publish(round);
    }
    await().atMost(Duration.ofSeconds(30)).until(stand.shop()::isDone);
    stand
        .endpoints()
        .answer(
            "/v2/billing",
            new Answer(500, "{\"error\":\"could not connect to the ledger: too many clients\"}"));
    publish(5);
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() ->
            stand
                    .api()
                    .get("/deliveries?status=failed&event=invoice.created")
                    .body()
                    .path("items")
                    .size()
                > 0);
    publish(6);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> stand.api().get("/deliveries?status=retrying").body().path("items").size() > 0);
  }

  private String subscribe(String path, String event, String description) {
    return stand
        .api()
        .post(
            "/subscriptions",
            "{'url':'%s','event':'%s','description':'%s'}"
                .formatted(stand.endpoints().url(path), event, description))
        .text("/id");
  }

  /** Through the functions that producers call. */
  private void publish(int round) {
    stand
        .shop()
        .database()
        .exec(
            """
            select webhooks.trigger_invoice_created(tenant_id => '%1$s', invoice_id => 'inv-10%2$d',
              invoice_number => 'A-0010%2$d', amount => 1%2$d50.00, currency => 'EUR', customer_name => 'Söhne & O''Brien');
            select webhooks.trigger_payment_received(tenant_id => '%1$s', payment_id => 'pay-77%2$d',
              invoice_id => 'inv-10%2$d', amount => 1%2$d50.00, currency => 'EUR', payment_method => 'card');
            select webhooks.trigger_sales_order_created(tenant_id => '%1$s', order_id => 'ord-5%2$d',
              order_number => 'SO-5%2$d', amount => 99.90, currency => 'EUR', items_count => %2$d);
            select webhooks.trigger_inventory_low(tenant_id => '%1$s', product_id => 'olive-oil',
              product_name => 'Olive oil', quantity => %2$d, threshold => 10);
            """
                .formatted(stand.shop().tenant(), round));
  }

  /** The day before, as the counts that the overview reads. */
  private void past() {
    stand
        .shop()
        .database()
        .exec(
            """
            insert into webhooks.delivery_count (tenant_id, span_seconds, at, subscription_id, delivered, failed)
            select '%1$s', span, date_bin(span * interval '1 s', now(), 'epoch') - n * span * interval '1 s', '%2$s',
              (span / 60.0 * (34 + 22 * sin(n / 6.0) + 7 * random()))::int,
              case when n between 14 and 19 then (span / 60.0 * (9 - abs(16 - n) * 2))::int when n %% 23 = 0 then 1 else 0 end
            from (values (60, 59), (1800, 47)) as spans(span, most), generate_series(1, most) n
            """
                .formatted(stand.shop().tenant(), billing));
  }
}
