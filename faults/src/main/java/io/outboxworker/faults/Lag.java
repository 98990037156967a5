package io.outboxworker.faults;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** How long events take to a quick and healthy receiver, and how long receivers hear nothing. */
final class Lag {
  /** The paths that answer at once, always with 204. */
  private static final String QUICK = "/s0";

  private Lag() {}

  /** A percentile over the events that were committed between these moments, in milliseconds. */
  static long percentile(Stage stage, int percent, long from, long to) {
    Map<UUID, Long> committed = new HashMap<>();
    stage.ledger().stream()
        .filter(entry -> entry.settled() >= from && entry.settled() < to)
        .forEach(entry -> committed.put(entry.id(), entry.settled()));
    List<Long> sorted =
        stage.receipts().stream()
            .filter(receipt -> receipt.path().endsWith(QUICK) && receipt.attempt() == 1)
            .filter(receipt -> committed.containsKey(receipt.event()))
            .map(receipt -> Math.max(0, receipt.at() - committed.getOrDefault(receipt.event(), 0L)))
            .sorted()
            .toList();
    if (sorted.isEmpty()) {
      throw new IllegalStateException("no event of that time reached a quick receiver");
    }
    return sorted.get((sorted.size() - 1) * percent / 100);
  }

  /** The longest time without a POST between these moments, in milliseconds. */
  static long longestSilence(Stage stage, long from, long to) {
    long[] arrivals =
        LongStream.concat(LongStream.of(from, to), stage.receipts().stream().mapToLong(Receipt::at))
            .filter(at -> at >= from && at <= to)
            .sorted()
            .toArray();
    return IntStream.range(1, arrivals.length)
        .mapToLong(i -> arrivals[i] - arrivals[i - 1])
        .max()
        .orElse(0);
  }
}
