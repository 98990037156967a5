package io.outboxworker.benchmarks.ground;

import java.util.Arrays;

/**
 * What arrived against what should have.
 *
 * @param lost events that an endpoint should have accepted and did not get
 * @param duplicates POSTs of an event that its endpoint had accepted already
 * @param ghosts POSTs of events that were never committed, or at another tenant's endpoint
 */
public record Tally(long lost, long duplicates, long ghosts) {
  /**
   * Counts. The events have the numbers from 0 to {@code events} - 1; tenant number t has the
   * endpoints from t × {@code perTenant} on, and each of them should get every event of it.
   *
   * @param expected how many accepted POSTs there should be
   */
  public static Tally of(Arrivals arrivals, long events, int perTenant, long expected) {
    long[] keys = new long[arrivals.accepted()];
    int[] counts = new int[2];
    arrivals.each((seq, tenant, endpoint, accepted, micros) -> {
      if (seq >= events || endpoint / perTenant != tenant) {
        counts[1]++;
      } else if (accepted) {
        keys[counts[0]++] = seq * perTenant + endpoint % perTenant;
      }
    });
    Arrays.sort(keys, 0, counts[0]);
    long distinct = 0;
    for (int i = 0; i < counts[0]; i++) {
      if (i == 0 || keys[i] != keys[i - 1]) {
        distinct++;
      }
    }
    return new Tally(expected - distinct, counts[0] - distinct, counts[1]);
  }
}
