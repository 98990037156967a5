package io.outboxworker.benchmarks.ground;

/** What an endpoint of the receiver does with a POST. */
public enum Behaviour {
  /** Answers 200. */
  ACCEPT,
  /** Reads it and never answers. */
  HANG,
  /** Answers 500. */
  REFUSE,
  /** Answers 500 to the first attempt of a delivery and 200 to the others. */
  REFUSE_FIRST
}
