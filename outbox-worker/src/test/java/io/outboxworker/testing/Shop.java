package io.outboxworker.testing;

import io.outboxworker.database.Database;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.subscription.NewSubscription;
import io.outboxworker.subscription.Subscriptions;
import io.outboxworker.webhook.Cidr;
import io.outboxworker.webhook.EgressRules;
import io.outboxworker.webhook.EndpointGuard;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** A tenant with a database of its own: it subscribes, publishes, and configures a worker. */
public final class Shop implements AutoCloseable {
  public static final String SECRET = "a secret of sixteen bytes or more";

  private final TestDatabase database;
  private final Database pool;
  private final String keys;
  private final UUID tenant = UUID.randomUUID();
  private final Subscriptions subscriptions;

  public Shop() {
    this(TestDatabase.Version.NEWEST);
  }

  public Shop(TestDatabase.Version version) {
    this(version, KeyRing.generate());
  }

  private Shop(TestDatabase.Version version, String keys) {
    this.keys = keys;
    database = TestDatabase.create(version);
    pool = Database.open(database.settings(), "shop", 4, null);
    EgressRules loopback =
        new EgressRules(
            true, List.of(Cidr.parse("127.0.0.0/8")), Set.of(80, 443), Set.of(), Set.of());
    subscriptions =
        new Subscriptions(pool.jdbi(), KeyRing.parse(keys), new EndpointGuard(loopback));
  }

  /** Another tenant in another database, whose secrets the same keys seal. */
  public Shop elsewhere() {
    return new Shop(TestDatabase.Version.NEWEST, keys);
  }

  public TestDatabase database() {
    return database;
  }

  /** As the worker sees the database: tables need no schema. */
  public Jdbi jdbi() {
    return pool.jdbi();
  }

  public UUID tenant() {
    return tenant;
  }

  public Subscriptions subscriptions() {
    return subscriptions;
  }

  /** The environment of a worker that may reach loopback. */
  public Map<String, String> environment() {
    return Map.of(
        "OUTBOX_DATABASE_URL", database.jdbcUrl(),
        "OUTBOX_KEYS", keys,
        "OUTBOX_HTTP_PORT", "0",
        "OUTBOX_HTTP_ADDRESS", "127.0.0.1",
        "OUTBOX_ALLOW_HTTP", "true",
        "OUTBOX_ALLOWED_NETWORKS", "127.0.0.0/8",
        // Tests call as fast as they can.
        "OUTBOX_API_REQUESTS_PER_SECOND", "1000");
  }

  public UUID subscribe(String event, String url) {
    return subscribe(tenant, event, url);
  }

  public UUID subscribe(UUID tenantId, String event, String url) {
    return subscriptions
        .add(new NewSubscription(tenantId, event, url, SECRET, null))
        .subscription()
        .id();
  }

  /** Publishes in a transaction of its own and returns the event's id. */
  public UUID publish(String event, String data) {
    return publish(tenant, event, data);
  }

  public UUID publish(UUID tenantId, String event, String data) {
    return database
        .jdbi()
        .withHandle(handle ->
            handle
                .createQuery(
                    """
                    insert into webhooks.outbox (tenant_id, event, resource_id, data)
                    values (:tenant, :event, 'r-1', cast(:data as json)) returning id
                    """)
                .bind("tenant", tenantId)
                .bind("event", event)
                .bind("data", data)
                .mapTo(UUID.class)
                .one());
  }

  /** Publishes as many events in one transaction. */
  public void publishMany(String event, int count) {
    pool.jdbi()
        .useHandle(handle ->
            handle
                .createUpdate(
                    """
                    insert into outbox (tenant_id, event, resource_id, data)
                    select :tenant, :event, n::text, json_build_object('n', n)
                    from generate_series(1, :count) n
                    """)
                .bind("tenant", tenant)
                .bind("event", event)
                .bind("count", count)
                .execute());
  }

  /**
   * A delivery of an event in the log, in the state that these columns say, to the tenant's first
   * subscription, which is made at the URL where there is none.
   */
  public UUID delivery(String url, String columns) {
    UUID subscription =
        subscriptions.list(tenant).stream()
            .findFirst()
            .map(existing -> existing.id())
            .orElseGet(() -> subscribe("*", url));
    UUID delivery = UUID.fromString(row("select uuid_v7()").get(0));
    database.exec(
        """
        insert into webhooks.event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
        values ('%1$s', '%2$s', 'order.created', 'order', '1', '{}', now());
        insert into webhooks.delivery (id, event_id, subscription_id, tenant_id)
        values ('%1$s', '%1$s', '%3$s', '%2$s');
        update webhooks.delivery set %4$s where id = '%1$s'
        """
            .formatted(delivery, tenant, subscription, columns));
    return delivery;
  }

  /** Whether no event and no delivery waits any more. */
  public boolean isDone() {
    return database.number(
            "select (select count(*) from webhooks.outbox) + (select count(*) from"
                + " webhooks.delivery)")
        == 0;
  }

  /** The only row of a query, each column as text. */
  public List<@Nullable String> row(String query) {
    return pool.jdbi()
        .withHandle(handle ->
            handle
                .createQuery(query)
                .map((row, context) -> {
                  List<@Nullable String> columns = new ArrayList<>();
                  for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                    columns.add(row.getString(i));
                  }
                  return columns;
                })
                .one());
  }

  @Override
  public void close() {
    pool.close();
    database.close();
  }
}
