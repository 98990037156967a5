package io.outboxworker.delivery;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/** Ids are UUID v7: their first 48 bits are the milliseconds at which they were made. */
final class Ids {
  static final UUID FIRST = new UUID(0, 0);
  static final UUID LAST = new UUID(-1, -1);

  private static final long END_MILLIS = 1L << 48;

  private Ids() {}

  /** The smallest id that can have been made at this time. */
  static UUID smallestAt(Instant time) {
    long second = time.getEpochSecond();
    return second < 0 ? FIRST : second >= END_MILLIS / 1000 ? LAST : at(time.toEpochMilli());
  }

  /** The smallest id that can have been made so long after this one; before it where negative. */
  static UUID after(UUID id, Duration distance) {
    return at((id.getMostSignificantBits() >>> 16) + distance.toMillis());
  }

  private static UUID at(long millis) {
    return millis < 0 ? FIRST : millis >= END_MILLIS ? LAST : new UUID(millis << 16, 0);
  }

  static UUID earlier(UUID one, UUID other) {
    return isEarlier(one, other) ? one : other;
  }

  static UUID later(UUID one, UUID other) {
    return isEarlier(one, other) ? other : one;
  }

  /** As PostgreSQL compares them; UUID's own order is that of signed numbers. */
  private static boolean isEarlier(UUID one, UUID other) {
    int high = Long.compareUnsigned(one.getMostSignificantBits(), other.getMostSignificantBits());
    return high != 0
        ? high < 0
        : Long.compareUnsigned(one.getLeastSignificantBits(), other.getLeastSignificantBits()) < 0;
  }
}
