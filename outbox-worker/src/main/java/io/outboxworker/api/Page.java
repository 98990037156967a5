package io.outboxworker.api;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list, newest first.
 *
 * @param nextCursor leads to the next page; null where this one is the last
 */
record Page<T>(List<T> items, @Nullable String nextCursor) {
  static final int DEFAULT_LIMIT = 50;
  static final int MAX_LIMIT = 200;

  /**
   * Which page is asked for.
   *
   * @param before the id of the last item of the page before; null for the first page
   */
  record Wanted(int limit, @Nullable UUID before) {
    /** One more than the page holds: whether it comes tells whether there is a next page. */
    int lookahead() {
      return limit + 1;
    }
  }

  /** The page out of up to {@link Wanted#lookahead} items. */
  static <T, R> Page<R> of(
      Wanted wanted, List<T> found, Function<T, UUID> id, Function<T, R> item) {
    boolean more = found.size() > wanted.limit();
    List<T> shown = more ? found.subList(0, wanted.limit()) : found;
    return new Page<>(
        shown.stream().map(item).toList(), more ? cursor(id.apply(shown.getLast())) : null);
  }

  /** A page whose end is known: {@code next} is the id before which the next one begins. */
  static <T> Page<T> until(List<T> items, @Nullable UUID next) {
    return new Page<>(items, next == null ? null : cursor(next));
  }

  static int parseLimit(String text) {
    if (!text.matches("[0-9]{1,4}")
        || Integer.parseInt(text) < 1
        || Integer.parseInt(text) > MAX_LIMIT) {
      throw new IllegalArgumentException("must be a whole number from 1 to " + MAX_LIMIT);
    }
    return Integer.parseInt(text);
  }

  static UUID parseCursor(String text) {
    try {
      var bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
      if (text.length() == 22) {
        return new UUID(bytes.getLong(), bytes.getLong());
      }
    } catch (IllegalArgumentException e) {
      // Its message would name a character of an opaque text.
    }
    throw new IllegalArgumentException("is not a cursor that this API gave");
  }

  private static String cursor(UUID id) {
    byte[] bytes =
        ByteBuffer.allocate(2 * Long.BYTES)
            .putLong(id.getMostSignificantBits())
            .putLong(id.getLeastSignificantBits())
            .array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
