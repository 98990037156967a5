package io.outboxworker.delivery;

import io.outboxworker.webhook.Outcome;
import java.time.Duration;

/**
 * What a lane's attempts have shown of its endpoint: how many at a time it bears, how soon it
 * answers, and whether it answers at all. Guarded by the lock of {@link Lanes}.
 */
final class Health {
  static final int FIRST_LIMIT = 4;

  /** Answers come soon where they take less than this on average. */
  private static final Duration SOON = Duration.ofMillis(250);

  /** The average follows the last answers, this many of them. */
  private static final int AVERAGED = 4;

  /** Running attempts without any answer for so long make an endpoint silent. */
  private static final Duration SILENCE = Duration.ofMillis(500);

  /** After a retry fell due, so long an endpoint in trouble waits for it before a first attempt. */
  private static final Duration RETRY_GRACE = Duration.ofSeconds(1);

  private int limit = FIRST_LIMIT;
  private boolean inTrouble;
  private long averageNanos;
  private long heardNanos;
  private boolean unreachable;
  private boolean failing;
  private long retryDueNanos;
  private boolean retryDue;

  /** How many attempts at a time it has borne, doubled with each answer. */
  int limit() {
    return limit;
  }

  /** It bore not even one: no first attempt while another one runs or waits for a retry. */
  boolean isInTrouble() {
    return inTrouble;
  }

  /** Its last attempt did not succeed, whatever it answered. */
  boolean isFailing() {
    return failing;
  }

  boolean answersSoon() {
    return averageNanos < SOON.toNanos();
  }

  /** What runs has had no answer for a while, or the attempt before it had none. */
  boolean isSilent(long now) {
    return unreachable || now - heardNanos > SILENCE.toNanos();
  }

  boolean waitsForRetry(long now) {
    retryDue = retryDue && now - retryDueNanos < RETRY_GRACE.toNanos();
    return retryDue;
  }

  /** The first of its running attempts starts: silence is counted from here. */
  void listen(long now) {
    heardNanos = now;
  }

  /** An attempt is over. A quick refusal is an answer, too: it doesn't shrink anything. */
  void learn(Outcome outcome, Verdict verdict, int maxInFlight, long now) {
    averageNanos += (outcome.took().toNanos() - averageNanos) / AVERAGED;
    failing = !(outcome instanceof Outcome.Accepted);
    switch (outcome) {
      case Outcome.Accepted accepted -> grow(maxInFlight, now);
      case Outcome.Refused refused -> grow(maxInFlight, now);
      case Outcome.Unreachable failed -> shrink(now);
      case Outcome.Blocked blocked -> {}
    }
    if (verdict instanceof Verdict.RetryIn again) {
      long due = now + again.delay().toNanos();
      retryDueNanos = waitsForRetry(now) ? Math.max(due, retryDueNanos) : due;
      retryDue = true;
    }
  }

  private void grow(int maxInFlight, long now) {
    heardNanos = now;
    unreachable = false;
    inTrouble = false;
    limit = Math.min(Math.max(limit * 2, 1), Math.max(1, maxInFlight));
  }

  /** By half where other attempts still get answers, else at once to one. */
  private void shrink(long now) {
    limit = isSilent(now) ? 1 : Math.max(1, limit / 2);
    unreachable = true;
    inTrouble = limit == 1;
  }
}
