package io.outboxworker.upkeep;

import org.jspecify.annotations.Nullable;

/**
 * What a look at one thing showed, in a sentence.
 *
 * @param what the thing that was looked at, such as {@code partitions}
 * @param remedy what to do about it; only a problem has one
 */
public record Finding(Level level, String what, String text, @Nullable String remedy) {
  /** How much it matters: a note is worth knowing, a problem wants something done. */
  public enum Level {
    OK,
    NOTE,
    PROBLEM
  }

  public static Finding ok(String what, String text) {
    return new Finding(Level.OK, what, text, null);
  }

  public static Finding note(String what, String text) {
    return new Finding(Level.NOTE, what, text, null);
  }

  public static Finding problem(String what, String text, String remedy) {
    return new Finding(Level.PROBLEM, what, text, remedy);
  }
}
