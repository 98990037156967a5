package io.outboxworker.delivery;

/** What came of asking for a delivery to be sent once more. */
public sealed interface Retried {
  /** A new delivery was made, which waits for its lane. */
  record Made(DeliveryItem item) implements Retried {}

  /** Nothing was done. */
  enum Refused implements Retried {
    /** The tenant has no such delivery. */
    UNKNOWN,
    /** It is still being delivered. */
    NOT_FINAL,
    /** Its subscription is paused, disabled or deleted. */
    INACTIVE,
    /** The event's payload was erased, or has left the log. */
    ERASED
  }
}
