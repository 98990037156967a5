package io.outboxworker.delivery;

import io.outboxworker.subscription.Subscription;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A lane's copy of its subscription, and when it was last known to be true. It is asked before each
 * POST, so that a pause is obeyed within a second. Guarded by the lock of {@link Lanes}.
 */
final class FreshCopy {
  private @Nullable Subscription subscription;
  private long version = -1;
  private long readNanos;
  private boolean read;
  private boolean asked;

  /** The version of the row, -1 before it was read. */
  long version() {
    return version;
  }

  /** Null before it was read, and where there is no such row. */
  @Nullable Subscription subscription() {
    return subscription;
  }

  void replace(@Nullable Subscription fresh, long freshVersion) {
    subscription = fresh;
    version = freshVersion;
  }

  /** Whether the caller is to read the row: false where somebody does so already. */
  boolean ask() {
    boolean first = !asked;
    asked = true;
    return first;
  }

  /** Nobody reads the row any more. */
  void answered() {
    asked = false;
  }

  /** The row was read, beginning at {@code atNanos}, and is as it was. */
  void confirm(long atNanos) {
    if (isReadBefore(atNanos)) {
      read = true;
      readNanos = atNanos;
    }
  }

  /** Whether what was read beginning at {@code atNanos} is newer than this. */
  boolean isReadBefore(long atNanos) {
    return !read || atNanos - readNanos > 0;
  }

  boolean isReadWithin(Duration age, long now) {
    return read && now - readNanos <= age.toNanos();
  }

  long readNanos() {
    return readNanos;
  }
}
