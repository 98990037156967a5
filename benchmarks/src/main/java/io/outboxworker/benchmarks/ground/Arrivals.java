package io.outboxworker.benchmarks.ground;

import java.util.Arrays;

/** Every POST that arrived, in order: which event, at which endpoint, when, and what it got. */
public final class Arrivals {
  /** Sees one POST; {@code accepted} is whether it was answered with a 2xx. */
  public interface Visitor {
    void arrived(long seq, int tenant, int endpoint, boolean accepted, long micros);
  }

  private long[] ids = new long[1 << 16];
  private long[] micros = new long[1 << 16];
  private int[] endpoints = new int[1 << 16];
  private int size;
  private int accepted;

  synchronized void add(long low, int endpoint, boolean isAccepted, long atMicros) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, 2 * size);
      micros = Arrays.copyOf(micros, 2 * size);
      endpoints = Arrays.copyOf(endpoints, 2 * size);
    }
    ids[size] = low;
    micros[size] = atMicros;
    endpoints[size] = isAccepted ? endpoint : -1 - endpoint;
    size++;
    if (isAccepted) {
      accepted++;
    }
  }

  /** Forgets everything. */
  public synchronized void clear() {
    size = 0;
    accepted = 0;
  }

  /** How many POSTs arrived. */
  public synchronized int size() {
    return size;
  }

  /** How many of them were answered with a 2xx. */
  public synchronized int accepted() {
    return accepted;
  }

  /** When the last one arrived; 0 before the first. */
  public synchronized long lastMicros() {
    return size == 0 ? 0 : micros[size - 1];
  }

  /** When the first one arrived; 0 before it. */
  public synchronized long firstMicros() {
    return size == 0 ? 0 : micros[0];
  }

  /** Shows every POST, in order of arrival. */
  public synchronized void each(Visitor visitor) {
    for (int i = 0; i < size; i++) {
      boolean isAccepted = endpoints[i] >= 0;
      visitor.arrived(
          EventId.seq(ids[i]),
          EventId.tenant(ids[i]),
          isAccepted ? endpoints[i] : -1 - endpoints[i],
          isAccepted,
          micros[i]);
    }
  }
}
