package io.outboxworker.api;

import io.outboxworker.database.Database;
import io.outboxworker.delivery.TestPost;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.subscription.PublicKeys;
import io.outboxworker.subscription.Subscriptions;
import io.outboxworker.webhook.EndpointGuard;
import org.jdbi.v3.core.Jdbi;

/**
 * One database as the API works with it, by a small pool of its own: however busy deliveries are,
 * calls have connections, and the other way round. Thread-safe.
 */
public final class ApiDatabase implements AutoCloseable {
  private final String name;
  private final Database pool;
  private final Tokens tokens;
  private final Subscriptions subscriptions;
  private final PublicKeys publicKeys;
  private final TestPost testPost;

  /**
   * @param pool closed with this
   * @param testPost how test sends are made
   */
  public ApiDatabase(
      String name, Database pool, KeyRing keys, EndpointGuard guard, TestPost testPost) {
    this.name = name;
    this.pool = pool;
    this.tokens = new Tokens(pool.jdbi());
    this.subscriptions = new Subscriptions(pool.jdbi(), keys, guard);
    this.publicKeys = new PublicKeys(pool.jdbi());
    this.testPost = testPost;
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

  @Override
  public void close() {
    pool.close();
  }
}
