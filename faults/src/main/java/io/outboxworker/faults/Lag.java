package io.outboxworker.faults;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** How long after their commit events reach a quick and healthy receiver. */
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
    return sorted.isEmpty() ? -1 : sorted.get((sorted.size() - 1) * percent / 100);
  }
}
