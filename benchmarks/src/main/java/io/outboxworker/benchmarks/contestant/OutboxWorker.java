package io.outboxworker.benchmarks.contestant;

import io.outboxworker.Config;
import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.database.Migrations;
import io.outboxworker.subscription.KeyRing;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/** The worker, in a process of its own, with the flags of its launcher and its defaults. */
public final class OutboxWorker implements Contestant {
  private static final int BATCH = 1_000;

  private final String name;
  private final String parameters;
  private final Map<String, String> own;
  private final List<String> flags;
  private final String keys = KeyRing.generate();
  private final KeyRing keyRing = KeyRing.parse(keys);

  /** With its defaults. */
  public OutboxWorker() {
    this(Map.of());
  }

  /** With its defaults and the archive of classes that its launcher makes. */
  public static OutboxWorker archived() throws IOException {
    return new OutboxWorker("outbox-worker", "", Map.of(), List.of(Checkout.archive()));
  }

  /**
   * @param own settings that a scenario needs
   */
  public OutboxWorker(Map<String, String> own) {
    this("outbox-worker", "", own, List.of());
  }

  private OutboxWorker(
      String name, String parameters, Map<String, String> own, List<String> flags) {
    this.name = name;
    this.parameters = parameters;
    this.own = Map.copyOf(own);
    this.flags = List.copyOf(flags);
  }

  /** With its defaults, but all of its commits wait for the disk. */
  public static OutboxWorker durable() {
    return new OutboxWorker(
        "outbox-worker, durable", "?options=-c%20synchronous_commit%3Don", Map.of(), List.of());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String settings() throws IOException {
    return "its defaults" + parameters + "; " + String.join(" ", Checkout.java());
  }

  @Override
  public void install(Ground ground, String database, Audience audience) throws SQLException {
    Config config = Config.read(environment(ground, database), Config.Need.values());
    new Migrations(Objects.requireNonNull(config.databases().get(Config.MAIN_DATABASE))).migrate();
    try (Connection connection = ground.connect(database)) {
      subscribe(connection, ground, audience, 0, audience.subscriptions());
    }
  }

  /** Adds the audience's subscriptions {@code first} to {@code first + count - 1}. */
  public void subscribe(
      Connection connection, Ground ground, Audience audience, int first, int count)
      throws SQLException {
    connection.setAutoCommit(false);
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into webhooks.subscription (id, tenant_id, url, event, secret)
            values (?, ?, ?, ?, ?)
            """)) {
      for (int n = first; n < first + count; n++) {
        int tenant = n / audience.perTenant();
        UUID id = EventId.of(System.currentTimeMillis(), n, tenant);
        UUID tenantId = EventId.tenantId(tenant);
        insert.setObject(1, id);
        insert.setObject(2, tenantId);
        insert.setString(3, ground.receiver().url(n));
        insert.setString(4, Audience.EVENT);
        insert.setBytes(5, keyRing.seal(tenantId, id, Audience.secret(n).text()));
        insert.addBatch();
        if ((n + 1 - first) % BATCH == 0) {
          insert.executeBatch();
        }
      }
      insert.executeBatch();
      connection.commit();
    } finally {
      connection.setAutoCommit(true);
    }
    Ground.execute(connection, "analyze webhooks.subscription");
  }

  @Override
  public void load(Connection connection, Audience audience, long first, int count)
      throws SQLException {
    load(connection, "(seq % " + audience.tenants() + ")::int", first, count);
  }

  /** The same, but all of these events belong to one tenant. */
  public void flood(Connection connection, int tenant, long first, int count) throws SQLException {
    load(connection, Integer.toString(tenant), first, count);
  }

  private static void load(Connection connection, String tenant, long first, int count)
      throws SQLException {
    Ground.execute(
        connection,
        """
        insert into webhooks.outbox (id, tenant_id, event, resource_id, data)
        select %s, %s, '%s', 'inv-' || seq, %s::json
        from generate_series(%d::bigint, %d) seq
        """
            .formatted(
                EventId.sql("seq", tenant),
                EventId.tenantSql(tenant),
                Audience.EVENT,
                Audience.dataSql("seq"),
                first,
                first + count - 1));
  }

  @Override
  public Publisher publisher(Connection connection, Audience audience) throws SQLException {
    PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into webhooks.outbox (id, tenant_id, event, resource_id, data)
            values (?, ?, '%s', ?, ?::json) returning xmin::text::bigint
            """
                .formatted(Audience.EVENT));
    return seq -> {
      int tenant = audience.tenant(seq);
      insert.setObject(1, EventId.of(System.currentTimeMillis(), seq, tenant));
      insert.setObject(2, EventId.tenantId(tenant));
      insert.setString(3, "inv-" + seq);
      insert.setString(4, Audience.data(seq));
      try (ResultSet row = insert.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    };
  }

  @Override
  public Running start(Ground ground, String database, Audience audience) throws IOException {
    List<String> command = Checkout.java();
    command.addAll(flags);
    command.addAll(
        List.of(
            "-jar", Checkout.file("outbox-worker/target/outbox-worker.jar").toString(), "work"));
    return Running.start(
        name(), command, environment(ground, database), ground.file("worker.log").toFile());
  }

  @Override
  public boolean isIdle(Connection connection) throws SQLException {
    return 0
        == Ground.number(
            connection,
            """
            select (exists (select from webhooks.outbox)
              or exists (select from webhooks.delivery))::int
            """);
  }

  private Map<String, String> environment(Ground ground, String database) {
    Map<String, String> environment = new HashMap<>();
    environment.put("OUTBOX_DATABASE_URL", ground.url(database) + parameters);
    environment.put("OUTBOX_KEYS", keys);
    environment.put("OUTBOX_HTTP_ADDRESS", "127.0.0.1");
    environment.put("OUTBOX_HTTP_PORT", "0");
    environment.put("OUTBOX_ALLOW_HTTP", "true");
    environment.put("OUTBOX_ALLOWED_NETWORKS", "127.0.0.0/8");
    environment.put("OUTBOX_LOG_LEVEL", "warn");
    environment.putAll(own);
    return environment;
  }
}
