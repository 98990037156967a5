package io.outboxworker.api;

import io.outboxworker.database.Database;
import io.outboxworker.delivery.DeliveryDetails;
import io.outboxworker.delivery.DeliveryFeed;
import io.outboxworker.delivery.DeliveryList;
import io.outboxworker.delivery.DeliveryStats;
import io.outboxworker.delivery.Erasure;
import io.outboxworker.delivery.Replays;
import io.outboxworker.delivery.TestPost;
import io.outboxworker.outbox.Publisher;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.subscription.PublicKeys;
import io.outboxworker.subscription.Subscriptions;
import io.outboxworker.webhook.EndpointGuard;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;

/**
 * One database as the API works with it, by a small pool of its own: however busy deliveries are,
 * calls have connections, and the other way round. Thread-safe.
 */
public final class ApiDatabase implements AutoCloseable {
  /**
   * What the API takes from the worker that it runs in.
   *
   * @param source what {@code metadata.source} of every body says
   * @param userAgent what every request to an endpoint says
   * @param parked is told the subscriptions that have new parked deliveries
   */
  public record WorkerSide(
      String source, String userAgent, DeliveryFeed feed, Consumer<Set<UUID>> parked) {}

  private final String name;
  private final Database pool;
  private final Tokens tokens;
  private final Subscriptions subscriptions;
  private final PublicKeys publicKeys;
  private final TestPost testPost;
  private final DeliveryList deliveries;
  private final DeliveryDetails details;
  private final DeliveryStats stats;
  private final DeliveryFeed feed;
  private final Replays replays;
  private final Erasure erasure;
  private final Publisher publisher;

  /**
   * @param pool closed with this
   * @param testPost how test sends are made
   */
  public ApiDatabase(
      String name,
      Database pool,
      KeyRing keys,
      EndpointGuard guard,
      TestPost testPost,
      WorkerSide worker) {
    this.name = name;
    this.pool = pool;
    this.tokens = new Tokens(pool.jdbi());
    this.subscriptions = new Subscriptions(pool.jdbi(), keys, guard);
    this.publicKeys = new PublicKeys(pool.jdbi());
    this.testPost = testPost;
    this.deliveries = new DeliveryList(pool.jdbi());
    this.details = new DeliveryDetails(pool.jdbi(), worker.source, worker.userAgent);
    this.stats = new DeliveryStats(pool.jdbi());
    this.feed = worker.feed;
    this.replays = new Replays(pool.jdbi(), worker.parked);
    this.erasure = new Erasure(pool.jdbi());
    this.publisher = new Publisher(pool.jdbi());
  }

  String name() {
    return name;
  }

  Jdbi jdbi() {
    return pool.jdbi();
  }

  Tokens tokens() {
    return tokens;
  }

  Subscriptions subscriptions() {
    return subscriptions;
  }

  PublicKeys publicKeys() {
    return publicKeys;
  }

  TestPost testPost() {
    return testPost;
  }

  DeliveryList deliveries() {
    return deliveries;
  }

  DeliveryDetails details() {
    return details;
  }

  DeliveryStats stats() {
    return stats;
  }

  DeliveryFeed feed() {
    return feed;
  }

  Replays replays() {
    return replays;
  }

  Erasure erasure() {
    return erasure;
  }

  Publisher publisher() {
    return publisher;
  }

  @Override
  public void close() {
    pool.close();
  }
}
