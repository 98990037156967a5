package io.outboxworker.api;

import io.outboxworker.delivery.Replay;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A replay as the API shows it; {@code url} is where its progress can be read. */
record ReplayItem(
    UUID id,
    @Nullable UUID subscriptionId,
    Instant since,
    Instant until,
    String status,
    @Nullable String event,
    boolean again,
    long count,
    long replayed,
    Instant createdAt,
    @Nullable Instant finishedAt,
    String url) {

  static ReplayItem of(Replay replay) {
    return new ReplayItem(
        replay.id(),
        replay.subscriptionId(),
        replay.since(),
        replay.until(),
        replay.status(),
        replay.event(),
        replay.again(),
        replay.count(),
        replay.replayed(),
        replay.createdAt(),
        replay.finishedAt(),
        url(replay));
  }

  static String url(Replay replay) {
    return Api.BASE + "/replays/" + replay.id();
  }
}
