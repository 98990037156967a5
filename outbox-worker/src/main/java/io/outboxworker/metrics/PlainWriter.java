package io.outboxworker.metrics;

import java.io.Writer;

/** Collects text without a lock: a scrape writes it a character at a time, by the million. */
final class PlainWriter extends Writer {
  private final StringBuilder text = new StringBuilder(64 * 1024);

  @Override
  public void write(int c) {
    text.append((char) c);
  }

  @Override
  public void write(char[] from, int offset, int length) {
    text.append(from, offset, length);
  }

  @Override
  public void write(String from) {
    text.append(from);
  }

  @Override
  public void write(String from, int offset, int length) {
    text.append(from, offset, offset + length);
  }

  @Override
  public void flush() {
    // Nothing is held back.
  }

  @Override
  public void close() {
    // Nothing is held.
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
