package io.outboxworker.benchmarks.ground;

import java.util.UUID;

/**
 * Ids of events, version 7, that tell which event of which tenant they are, so that a receipt needs
 * no lookup to be judged.
 */
public final class EventId {
  private static final int TENANT_BITS = 20;
  private static final long VARIANT = Long.MIN_VALUE;

  private EventId() {}

  /** The id of the event number {@code seq}, made at this time. */
  public static UUID of(long epochMillis, long seq, int tenant) {
    return new UUID(epochMillis << 16 | 0x7000, low(seq, tenant));
  }

  /** The same as an SQL expression over a bigint {@code seq} and an int {@code tenant}. */
  public static String sql(String seq, String tenant) {
    return """
    (lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0') || '7000'
      || to_hex((-9223372036854775808)::bigint | ((%s)::bigint << %d) | (%s)))::uuid\
    """
        .formatted(seq, TENANT_BITS, tenant);
  }

  /** The id of tenant number {@code tenant}. */
  public static UUID tenantId(int tenant) {
    return new UUID(0x7000, VARIANT | tenant);
  }

  /** The same as an SQL expression over an int {@code tenant}. */
  public static String tenantSql(String tenant) {
    return """
    ('00000000000070008' || lpad(to_hex(%s), 15, '0'))::uuid\
    """
        .formatted(tenant);
  }

  /** The number of the event with this id. */
  public static long seq(UUID id) {
    return seq(id.getLeastSignificantBits());
  }

  static long low(long seq, int tenant) {
    return VARIANT | seq << TENANT_BITS | tenant;
  }

  static long seq(long low) {
    return (low & Long.MAX_VALUE) >>> TENANT_BITS;
  }

  static int tenant(long low) {
    return (int) (low & (1 << TENANT_BITS) - 1);
  }
}
