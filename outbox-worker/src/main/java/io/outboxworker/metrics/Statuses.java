package io.outboxworker.metrics;

import java.util.Arrays;

/** The HTTP statuses of IANA's registry: each may have a series of its own. */
final class Statuses {
  private static final int[] REGISTERED = {
    100, 101, 102, 103, 104, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303,
    304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414,
    415, 416, 417, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505,
    506, 507, 508, 510, 511
  };

  private Statuses() {}

  static boolean isRegistered(int status) {
    return Arrays.binarySearch(REGISTERED, status) >= 0;
  }
}
