package io.outboxworker.cli;

import io.outboxworker.database.Database;
import io.outboxworker.delivery.TestPost;
import io.outboxworker.subscription.KeyRotation;
import io.outboxworker.subscription.Subscriptions;
import java.io.PrintWriter;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What commands work with. Whatever needs the configuration is opened when a command asks for it,
 * so that {@code --help} needs none.
 *
 * @param out for what was asked for
 * @param err for everything else
 * @param databases opens the database with this name; null means the only one
 * @param subscriptions does the same where secrets are read or written
 * @param testPosts what may be reached by them is what the worker may reach
 */
public record Desk(
    PrintWriter out,
    PrintWriter err,
    Function<@Nullable String, Database> databases,
    Function<@Nullable String, OpenSubscriptions> subscriptions,
    Supplier<TestPost> testPosts) {

  /** What holds secrets in one database, and the database to be closed after use. */
  public record OpenSubscriptions(
      Database database, Subscriptions subscriptions, KeyRotation keyRotation)
      implements AutoCloseable {
    @Override
    public void close() {
      database.close();
    }
  }
}
