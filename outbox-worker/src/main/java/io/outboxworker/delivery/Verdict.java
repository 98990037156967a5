package io.outboxworker.delivery;

import java.time.Duration;

/** What an attempt's outcome means for its delivery. */
sealed interface Verdict {
  /** The endpoint has it. */
  record Delivered() implements Verdict {}

  /** Again, this long after the end of the attempt. */
  record RetryIn(Duration delay, String reason) implements Verdict {}

  /** Not again; {@code endpointGone} disables the subscription too. */
  record Failed(boolean endpointGone) implements Verdict {}
}
