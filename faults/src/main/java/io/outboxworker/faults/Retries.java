package io.outboxworker.faults;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** Looks at the time between the attempts of each delivery: 1, 2 and 4 s, and never less. */
final class Retries {
  private static final long[] DELAYS_MILLIS = {1_000, 2_000, 4_000};

  /** What the receivers' own clock may be off between two arrivals. */
  private static final long TOLERANCE_MILLIS = 20;

  private Retries() {}

  /** How many attempts came before the delay after the one before was over. */
  static int early(List<Receipt> receipts) {
    return receipts.stream().collect(Collectors.groupingBy(Receipt::delivery)).values().stream()
        .mapToInt(Retries::earlyOf)
        .sum();
  }

  private static int earlyOf(List<Receipt> posts) {
    List<Receipt> inOrder = posts.stream().sorted(Comparator.comparingLong(Receipt::at)).toList();
    int early = 0;
    for (int i = 1; i < inOrder.size(); i++) {
      Receipt before = inOrder.get(i - 1);
      Receipt after = inOrder.get(i);
      int attempt = before.attempt();
      if (after.attempt() == attempt + 1
          && attempt <= DELAYS_MILLIS.length
          && after.at() - before.at() < DELAYS_MILLIS[attempt - 1] - TOLERANCE_MILLIS) {
        early++;
      }
    }
    return early;
  }
}
