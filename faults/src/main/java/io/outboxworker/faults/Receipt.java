package io.outboxworker.faults;

import java.util.UUID;

/**
 * A POST as a receiver saw it, written down before it answered.
 *
 * @param at when it had arrived whole, by {@link Moment}
 * @param path where it came to
 * @param bodyHash SHA-256 of the whole body
 * @param dataHash SHA-256 of the data in it
 * @param genuine whether its signatures are those of a secret that may be in force
 * @param status what the receiver was about to answer; 0 where it answered nothing
 * @param sentSecond when the attempt began, by its own timestamp, in seconds since 1970
 */
record Receipt(
    long at,
    String path,
    UUID delivery,
    UUID event,
    int attempt,
    String bodyHash,
    String dataHash,
    boolean genuine,
    int status,
    long sentSecond) {

  boolean accepted() {
    return status >= 200 && status < 300;
  }

  String line() {
    return String.join(
        "\t",
        Long.toString(at),
        path,
        delivery.toString(),
        event.toString(),
        Integer.toString(attempt),
        bodyHash,
        dataHash,
        Boolean.toString(genuine),
        Integer.toString(status),
        Long.toString(sentSecond));
  }

  static Receipt parse(String line) {
    String[] part = line.split("\t", -1);
    return new Receipt(
        Long.parseLong(part[0]),
        part[1],
        UUID.fromString(part[2]),
        UUID.fromString(part[3]),
        Integer.parseInt(part[4]),
        part[5],
        part[6],
        Boolean.parseBoolean(part[7]),
        Integer.parseInt(part[8]),
        Long.parseLong(part[9]));
  }
}
