package io.outboxworker.demo;

import io.outboxworker.Config;
import io.outboxworker.Worker;
import io.outboxworker.api.Tokens;
import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.Migrations;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.subscription.NewSubscription;
import io.outboxworker.subscription.Subscriptions;
import io.outboxworker.webhook.EgressRules;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.SigningSecret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Everything that runs while the demo does: PostgreSQL, the worker, the receivers and who
 * subscribed to what. {@link #open} starts it; closing ends all of it, also where the start failed
 * half way.
 */
final class Stage implements AutoCloseable {
  private static final int USUAL_PORT = 8000;
  private static final int POOL = 2;

  /** Held until the worker takes it, so that two demos that start together don't both want it. */
  private final @Nullable ServerSocket reservation = reserve();

  private final RunFolder folder;
  private final Postgres postgres;
  private final Receivers receivers;
  private final Config config;
  private final SigningSecret secret = SigningSecret.generate();
  private @Nullable Database database;
  private @Nullable Worker worker;
  private String token = "";

  /** Makes the folder and the receivers; nothing else runs yet. */
  Stage(String logLevel) throws IOException {
    folder = RunFolder.create("demo");
    postgres = new Postgres(folder, Map.of());
    receivers = new Receivers(secret);
    config =
        Config.read(
            Map.of(
                "OUTBOX_DATABASE_URL",
                postgres.adminUrl(Postgres.SHOP),
                "OUTBOX_KEYS",
                KeyRing.generate(),
                "OUTBOX_HTTP_ADDRESS",
                "127.0.0.1",
                "OUTBOX_HTTP_PORT",
                reservation == null ? "0" : "" + USUAL_PORT,
                "OUTBOX_ALLOW_HTTP",
                "true",
                "OUTBOX_ALLOWED_NETWORKS",
                "127.0.0.0/8",
                "OUTBOX_LOG_LEVEL",
                logLevel),
            Config.Need.values());
    config.logging().start();
  }

  /** Starts it all; when this returns, what is committed is delivered. */
  void open() throws IOException {
    DatabaseSettings settings =
        Objects.requireNonNull(config.databases().get(Config.MAIN_DATABASE));
    // PostgreSQL's start takes one core for a second or two; meanwhile the other loads Flyway.
    var migrations = CompletableFuture.supplyAsync(() -> new Migrations(settings));
    postgres.startForShop();
    migrations.join().migrate();
    database = Database.open(settings, "demo", POOL, null);
    grantToShop();
    subscribe();
    token = new Tokens(database().jdbi()).create(Tenant.ACME.id(), "demo", null);
    giveUpReservation();
    worker = Worker.start(config);
  }

  Postgres postgres() {
    return postgres;
  }

  Database database() {
    return Objects.requireNonNull(database, "open() comes first");
  }

  /** A token of acme's. */
  String token() {
    return token;
  }

  /** Where the worker listens. */
  String workerUrl() {
    return "http://127.0.0.1:" + Objects.requireNonNull(worker).httpPort();
  }

  /** Whether the port that the documentation names was taken. */
  boolean isOnAnotherPort() {
    return reservation == null;
  }

  /** Lets running attempts end, and stops everything in the order that needs no patience. */
  @Override
  public void close() throws IOException {
    try (folder;
        postgres;
        receivers) {
      giveUpReservation();
      stopWorker();
      if (database != null) {
        database.close();
      }
    }
  }

  private void stopWorker() {
    if (worker == null) {
      return;
    }
    try {
      worker.stop();
    } catch (InterruptedException e) {
      worker.close();
      Thread.currentThread().interrupt();
    }
  }

  /** What an application may do, and an operator may read: nothing else. */
  private void grantToShop() {
    database()
        .jdbi()
        .useHandle(handle -> handle.execute("grant webhooks_producer, webhooks_reader to shop"));
  }

  private void subscribe() {
    var networks = config.endpoints().allowedNetworks();
    var guard =
        new EndpointGuard(
            new EgressRules(true, networks, config.endpoints().allowedPorts(), Set.of(), Set.of()));
    var subscriptions = new Subscriptions(database().jdbi(), config.keys(), guard);
    subscribe(subscriptions, Tenant.ACME, "*", "works");
    subscribe(subscriptions, Tenant.ACME, "payment.received", "flaky");
    subscribe(subscriptions, Tenant.GLOBEX, "*", "works");
    subscribe(subscriptions, Tenant.GLOBEX, "invoice.*", "gone");
  }

  private void subscribe(
      Subscriptions subscriptions, Tenant tenant, String event, String receiver) {
    subscriptions.add(
        new NewSubscription(tenant.id(), event, receivers.url(receiver), secret.text(), receiver));
  }

  private static @Nullable ServerSocket reserve() {
    try {
      return new ServerSocket(USUAL_PORT, 1, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      return null;
    }
  }

  private void giveUpReservation() throws IOException {
    if (reservation != null) {
      reservation.close();
    }
  }
}
