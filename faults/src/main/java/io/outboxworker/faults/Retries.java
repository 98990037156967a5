package io.outboxworker.faults;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Looks at the time between the attempts of each delivery: 1, 2 and 4 s, and never less. It counts
 * from the end of an attempt, which a receiver's answer tells; where the worker gave up waiting for
 * that, a slow receiver may have noted the request after the attempt was over.
 */
final class Retries {
  private static final long[] DELAYS_MILLIS = {1_000, 2_000, 4_000};

  /** What the receivers' own clock may be off between two arrivals. */
  private static final long TOLERANCE_MILLIS = 20;

  private Retries() {}

  /**
   * How many attempts came before the delay after the one before was over.
   *
   * @param unanswered attempts that ended without an answer
   */
  static int early(List<Receipt> receipts, Set<Tables.Attempt> unanswered) {
    return receipts.stream().collect(Collectors.groupingBy(Receipt::delivery)).values().stream()
        .mapToInt(posts -> earlyOf(posts, unanswered))
        .sum();
  }

  /** How many attempts began in this second or later that a receiver had seen before. */
  static long repeatedSince(List<Receipt> receipts, long second) {
    Map<Tables.Attempt, Long> first = new HashMap<>();
    receipts.forEach(post -> first.merge(attempt(post), post.at(), Math::min));
    return receipts.stream()
        .filter(post -> post.sentSecond() >= second)
        .filter(post -> first.getOrDefault(attempt(post), post.at()) < post.at())
        .count();
  }

  private static Tables.Attempt attempt(Receipt post) {
    return new Tables.Attempt(post.delivery(), post.attempt());
  }

  private static int earlyOf(List<Receipt> posts, Set<Tables.Attempt> unanswered) {
    List<Receipt> inOrder = posts.stream().sorted(Comparator.comparingLong(Receipt::at)).toList();
    int early = 0;
    for (int i = 1; i < inOrder.size(); i++) {
      Receipt before = inOrder.get(i - 1);
      Receipt after = inOrder.get(i);
      int attempt = before.attempt();
      if (after.attempt() == attempt + 1
          && attempt <= DELAYS_MILLIS.length
          && !unanswered.contains(new Tables.Attempt(before.delivery(), attempt))
          && after.at() - before.at() < DELAYS_MILLIS[attempt - 1] - TOLERANCE_MILLIS) {
        early++;
      }
    }
    return early;
  }
}
