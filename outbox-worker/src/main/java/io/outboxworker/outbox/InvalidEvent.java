package io.outboxworker.outbox;

/** An event that the outbox refuses; the message says what to fix. */
public final class InvalidEvent extends RuntimeException {
  InvalidEvent(String why) {
    super(why);
  }
}
