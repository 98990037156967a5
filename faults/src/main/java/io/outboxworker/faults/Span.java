package io.outboxworker.faults;

/**
 * A time in which something held, as seen from outside: the commit that began it lies between
 * {@code maybeFrom} and {@code surelyFrom}, the one that ended it between {@code surelyUntil} and
 * {@code maybeUntil}. By {@link Moment}.
 */
record Span(long maybeFrom, long surelyFrom, long surelyUntil, long maybeUntil) {
  /** It held from the beginning to the end of the run. */
  static final Span ALWAYS =
      new Span(Long.MIN_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

  static Span since(long maybeFrom, long surelyFrom) {
    return new Span(maybeFrom, surelyFrom, Long.MAX_VALUE, Long.MAX_VALUE);
  }

  Span until(long surely, long maybe) {
    return new Span(maybeFrom, surelyFrom, surely, maybe);
  }

  boolean surelyCovers(long from, long to) {
    return surelyFrom <= from && to <= surelyUntil;
  }

  /** Whether it may have held at this moment, or shortly before. */
  boolean mayHold(long at, long grace) {
    return maybeFrom <= at && (maybeUntil == Long.MAX_VALUE || at - grace <= maybeUntil);
  }
}
