package io.outboxworker.benchmarks.scenario;

import io.outboxworker.benchmarks.ground.Arrivals;
import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.benchmarks.report.Figures;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;

/**
 * How long events took from their commit. The commit is the time that PostgreSQL wrote into the
 * commit record, before it was flushed and anybody could see it.
 */
final class Latencies {
  private static final int CHUNK = 20_000;

  private final OpenLoop.Committed committed;
  private final long[] commits;

  Latencies(Connection connection, OpenLoop.Committed committed) throws SQLException {
    this.committed = committed;
    this.commits = commits(connection, committed.transactions());
  }

  /** Commit to the first receipt, in ms and ascending, of the events that count. */
  double[] toReceipt(Arrivals arrivals, LongPredicate counts) {
    return since(commits, receipts(arrivals), counts);
  }

  /** The same from the moment when the event should have been committed. */
  double[] fromSchedule(Arrivals arrivals, LongPredicate counts) {
    return since(committed.scheduled(), receipts(arrivals), counts);
  }

  /** Commit of the event to the commit of what says that it was delivered. */
  double[] toRecord(Connection connection) throws SQLException {
    return since(commits, logged(connection, "pg_xact_commit_timestamp(xmin)"), seq -> true);
  }

  /** Commit of the event to the beginning of the fan-out that took it. */
  double[] toFanOut(Connection connection, LongPredicate counts) throws SQLException {
    return since(commits, logged(connection, "created_at"), counts);
  }

  /** A time of each event's delivery, in microseconds. */
  private long[] logged(Connection connection, String time) throws SQLException {
    long[] times = new long[committed.count()];
    try (PreparedStatement select =
            connection.prepareStatement(
                "select event_id, (extract(epoch from %s) * 1e6)::bigint from webhooks.delivery_log"
                    .formatted(time));
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        long seq = EventId.seq(row.getObject(1, UUID.class));
        if (committed.holds(seq)) {
          times[(int) (seq - committed.first())] = row.getLong(2);
        }
      }
    }
    return times;
  }

  /** Adds the percentiles that count. */
  static void add(Figures figures, String what, double[] sorted) {
    figures
        .with(what + " p50, ms", percentile(sorted, 0.5))
        .with(what + " p95, ms", percentile(sorted, 0.95))
        .with(what + " p99, ms", percentile(sorted, 0.99))
        .with(what + " max, ms", percentile(sorted, 1));
  }

  /** The value that this share does not exceed; 0 where there is none. */
  static double percentile(double[] sorted, double share) {
    return sorted.length == 0 ? 0 : sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }

  private long[] receipts(Arrivals arrivals) {
    long[] receipts = new long[committed.count()];
    arrivals.each((seq, tenant, endpoint, accepted, micros) -> {
      if (committed.holds(seq)) {
        int i = (int) (seq - committed.first());
        receipts[i] = receipts[i] == 0 ? micros : receipts[i];
      }
    });
    return receipts;
  }

  /** Events that never got there are counted as lost elsewhere. */
  private double[] since(long[] begins, long[] ends, LongPredicate counts) {
    double[] all = new double[ends.length];
    int size = 0;
    for (int i = 0; i < ends.length; i++) {
      if (ends[i] != 0 && counts.test(committed.first() + i)) {
        all[size++] = (ends[i] - begins[i]) / 1000.0;
      }
    }
    double[] sorted = Arrays.copyOf(all, size);
    Arrays.sort(sorted);
    return sorted;
  }

  private static long[] commits(Connection connection, long[] transactions) throws SQLException {
    long[] commits = new long[transactions.length];
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            select (extract(epoch from pg_xact_commit_timestamp(xact::text::xid)) * 1e6)::bigint
            from unnest(?::bigint[]) with ordinality as given (xact, nr) order by nr
            """)) {
      for (int from = 0; from < transactions.length; from += CHUNK) {
        int to = Math.min(transactions.length, from + CHUNK);
        Array chunk =
            connection.createArrayOf(
                "bigint",
                LongStream.of(Arrays.copyOfRange(transactions, from, to)).boxed().toArray());
        select.setArray(1, chunk);
        try (ResultSet row = select.executeQuery()) {
          for (int i = from; row.next(); i++) {
            commits[i] = row.getLong(1);
          }
        }
      }
    }
    return commits;
  }
}
