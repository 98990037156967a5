package io.outboxworker.faults;

/** A fault cannot be run on this machine; the message says what is missing. */
final class Skipped extends RuntimeException {
  Skipped(String why) {
    super(why);
  }
}
