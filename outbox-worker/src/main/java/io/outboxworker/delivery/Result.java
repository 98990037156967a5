package io.outboxworker.delivery;

import io.outboxworker.subscription.Subscription;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one claim came to, on its way into the database. */
sealed interface Result {
  Claim claim();

  /** What it keeps in memory beyond a fixed size. */
  default long bytes() {
    return claim().message().body().length;
  }

  /** The claim was not used: the row goes back as if nobody had taken it. */
  record GivenBack(Claim claim) implements Result {}

  /**
   * An attempt was made.
   *
   * @param startedAt by PostgreSQL's clock
   * @param endedNanos when it ended, by {@link System#nanoTime()}
   */
  record Attempted(
      Claim claim,
      Subscription subscription,
      Outcome outcome,
      Verdict verdict,
      Instant startedAt,
      long endedNanos)
      implements Result {

    @Override
    public long bytes() {
      String answer = outcome.answer();
      return Result.super.bytes() + (answer == null ? 0 : answer.length());
    }

    /** The status code, error and answer as the history of the delivery keeps them. */
    String history(boolean withTexts) {
      return History.append(claim, startedAt, outcome, withTexts);
    }

    @Nullable String error() {
      return outcome.error();
    }

    /** What is left of a pause that began when the attempt ended; never below zero. */
    Duration leftOf(Duration pause) {
      Duration left = pause.minusNanos(System.nanoTime() - endedNanos);
      return left.isNegative() ? Duration.ZERO : left;
    }
  }

  /** A batch by what becomes of its rows. */
  record Sorted(List<Attempted> finished, List<Attempted> retried, List<GivenBack> givenBack) {
    static Sorted of(List<Result> batch) {
      Sorted sorted = new Sorted(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
      for (Result result : batch) {
        switch (result) {
          case GivenBack back -> sorted.givenBack.add(back);
          case Attempted attempted ->
              (attempted.verdict() instanceof Verdict.RetryIn ? sorted.retried : sorted.finished)
                  .add(attempted);
        }
      }
      return sorted;
    }
  }
}
