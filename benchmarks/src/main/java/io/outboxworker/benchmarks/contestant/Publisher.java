package io.outboxworker.benchmarks.contestant;

import java.sql.SQLException;

/** Commits events one by one, each in a transaction of its own, over one connection. */
public interface Publisher {
  /** Commits this event and returns the id of the transaction that did it. */
  long publish(long seq) throws SQLException;
}
