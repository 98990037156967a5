package io.outboxworker.delivery;

import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides what follows an attempt: a pure function of the outcome and of how many attempts were
 * made. The delays are exact, without jitter, and count from the end of an attempt.
 */
public record RetrySchedule(List<Duration> delays) {
  private static final int GONE = 410;

  public RetrySchedule {
    delays = List.copyOf(delays);
  }

  /**
   * @param attempt the number of the attempt that saw the outcome, from 1
   * @param own the subscription's own delays, null where it has none
   */
  Verdict judge(Outcome outcome, int attempt, @Nullable List<Duration> own) {
    return switch (outcome) {
      case Outcome.Accepted accepted -> new Verdict.Delivered();
      case Outcome.Blocked blocked -> new Verdict.Failed(false);
      case Outcome.Refused refused when refused.status() == GONE -> new Verdict.Failed(true);
      case Outcome.Refused refused ->
          again(attempt, own, refused.retryReason(), refused.retryAfter());
      case Outcome.Unreachable unreachable -> again(attempt, own, unreachable.retryReason(), null);
    };
  }

  private Verdict again(
      int attempt, @Nullable List<Duration> own, String reason, @Nullable Duration atLeast) {
    List<Duration> schedule = own == null ? delays : own;
    if (attempt > schedule.size()) {
      return new Verdict.Failed(false);
    }
    Duration delay = schedule.get(attempt - 1);
    return new Verdict.RetryIn(
        atLeast != null && atLeast.compareTo(delay) > 0 ? atLeast : delay, reason);
  }
}
