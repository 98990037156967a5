package io.outboxworker.testing;

import org.junit.jupiter.api.AfterEach;

/**
 * What a test of the whole path stands on, made anew for each: a shop, endpoints, and workers
 * between them, which end first.
 */
public abstract class EndToEnd {
  protected final Shop shop = new Shop();
  protected final TestReceiver receiver = new TestReceiver();
  protected final Workers workers = new Workers(shop);

  @AfterEach
  final void close() {
    workers.close();
    receiver.close();
    shop.close();
  }
}
