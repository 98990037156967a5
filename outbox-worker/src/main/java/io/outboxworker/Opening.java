package io.outboxworker;

import io.outboxworker.Config.Need;
import io.outboxworker.cli.CommandMisused;
import io.outboxworker.cli.Desk.OpenSubscriptions;
import io.outboxworker.cli.Patient;
import io.outboxworker.database.Database;
import io.outboxworker.delivery.TestPost;
import io.outboxworker.subscription.KeyRotation;
import io.outboxworker.subscription.Subscriptions;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.Sender;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Opens what a command asks for, by the configuration; each command runs once and closes it again.
 */
final class Opening {

  private static final Duration REACHABLE_LIMIT = Duration.ofSeconds(5);
  private static final int POOL_SIZE = 2;

  private final Function<Need[], Config> configuration;

  Opening(Function<Need[], Config> configuration) {
    this.configuration = configuration;
  }

  Database database(@Nullable String name) {
    return open(config(Need.DATABASE), name);
  }

  OpenSubscriptions subscriptions(@Nullable String name) {
    var config = config(Need.DATABASE, Need.KEYS);
    var database = open(config, name);
    return new OpenSubscriptions(
        database,
        new Subscriptions(database.jdbi(), config.keys(), guard(config)),
        new KeyRotation(database.jdbi(), config.keys()));
  }

  TestPost testPost() {
    var config = config();
    var guard = guard(config);
    guard.install();
    var sender =
        new Sender(
            guard, Version.current(), config.endpoints().caFile(), config.endpoints().proxy());
    return new TestPost(sender, config.attempts().source(), config.attempts().timeout());
  }

  Patient patient() {
    var config = config(Need.DATABASE);
    return new Patient(
        config.databases(), config.keyRing(), guard(config), config.retention(), config.warnings());
  }

  private Config config(Need... needs) {
    return configuration.apply(needs);
  }

  private static Database open(Config config, @Nullable String name) {
    var databases = config.databases();
    var chosen =
        name == null && databases.size() == 1 ? databases.keySet().iterator().next() : name;
    var settings = chosen == null ? null : databases.get(chosen);
    if (settings == null) {
      throw new CommandMisused(
          "--database must be one of " + String.join(", ", databases.keySet()));
    }
    var database = Database.open(settings, "cli", POOL_SIZE, null);
    try {
      database.awaitReachable(REACHABLE_LIMIT);
      return database;
    } catch (RuntimeException e) {
      database.close();
      throw e;
    } catch (InterruptedException e) {
      database.close();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the database", e);
    }
  }

  /** The worker's own ports stay closed, whichever process saves or tests a URL. */
  private static EndpointGuard guard(Config config) {
    var http = config.http();
    var api = new InetSocketAddress(http.address(), http.port());
    var adminPort = http.adminPort();
    return new EndpointGuard(
        config.egressRules(
            adminPort == null
                ? List.of(api)
                : List.of(api, new InetSocketAddress(http.address(), adminPort))));
  }
}
