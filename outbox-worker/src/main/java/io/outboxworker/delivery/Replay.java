package io.outboxworker.delivery;

import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Events that are sent again, each as a new delivery to the same subscription; done in the
 * background, in batches, by whichever worker gets to it.
 *
 * @param count how many matched when it was asked for
 * @param replayed how many new deliveries it has made so far; in the end fewer than {@code count}
 *     where a subscription was switched off or an event erased meanwhile
 * @param finishedAt null while it goes on
 */
public record Replay(
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
    @Nullable Instant finishedAt) {

  /** What is sent again. */
  public enum Status {
    /** What failed. */
    FAILED,
    /** What was delivered. */
    DELIVERED,
    /** Everything that is final. */
    ALL,
    /** Events that match a subscription now, and that got no delivery for it. */
    MISSED;

    /** As tables, JSON and commands say it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Which events are sent again. Only what can be sent matches: the subscription is active, and the
   * event is in the log and was not erased.
   *
   * @param subscriptionId null for all of the tenant's
   * @param since deliveries created, or events that occurred, at or after
   * @param until before; null and times to come mean now, so that a replay never matches itself
   * @param event a name, a group such as {@code invoice.*}, or {@code *}; null for all
   * @param again whether deliveries match that were replayed or retried before
   */
  public record Criteria(
      UUID tenantId,
      @Nullable UUID subscriptionId,
      Instant since,
      @Nullable Instant until,
      Status status,
      @Nullable String event,
      boolean again) {

    /** What the names of a group begin with, the empty text for all; null where it is a name. */
    @Nullable String eventPrefix() {
      return event != null && event.endsWith("*") ? event.substring(0, event.length() - 1) : null;
    }

    /** The same, ended at {@code now} at the latest. */
    Criteria endedAt(Instant now) {
      Instant end = until == null || until.isAfter(now) ? now : until;
      return new Criteria(tenantId, subscriptionId, since, end, status, event, again);
    }
  }
}
