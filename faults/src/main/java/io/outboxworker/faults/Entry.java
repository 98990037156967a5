package io.outboxworker.faults;

import java.util.UUID;

/**
 * What the writer knows of one event it inserted.
 *
 * @param dataHash SHA-256 of its data, as inserted
 * @param begun before its transaction began, by {@link Moment}
 * @param settled after the writer knew how it ended
 */
record Entry(UUID id, UUID tenant, State state, String dataHash, long begun, long settled) {
  /** How its transaction ended. */
  enum State {
    COMMITTED,
    ROLLED_BACK,
    /** The connection broke in COMMIT: it may be there, or not. */
    IN_DOUBT
  }

  String line() {
    return String.join(
        "\t",
        state.name(),
        id.toString(),
        tenant.toString(),
        dataHash,
        Long.toString(begun),
        Long.toString(settled));
  }

  static Entry parse(String line) {
    String[] part = line.split("\t", -1);
    return new Entry(
        UUID.fromString(part[1]),
        UUID.fromString(part[2]),
        State.valueOf(part[0]),
        part[3],
        Long.parseLong(part[4]),
        Long.parseLong(part[5]));
  }
}
