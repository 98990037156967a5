package io.outboxworker.benchmarks.contestant;

import io.outboxworker.benchmarks.ground.Ground;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;

/** One that delivers events out of PostgreSQL: the worker, or a peer. */
public interface Contestant {
  /** Its name in tables and plots. */
  String name();

  /** What it runs with, as printed beside its figures. */
  String settings() throws IOException;

  /** Makes its schema and subscriptions in an empty database. */
  void install(Ground ground, String database, Audience audience)
      throws SQLException, IOException, InterruptedException;

  /** Commits the events {@code first} to {@code first + count - 1} in one transaction. */
  void load(Connection connection, Audience audience, long first, int count) throws SQLException;

  /** What commits single events over that connection. */
  Publisher publisher(Connection connection, Audience audience) throws SQLException;

  /** Starts its process on that database. */
  Running start(Ground ground, String database, Audience audience) throws IOException;

  /** Whether nothing is left to do. */
  boolean isIdle(Connection connection) throws SQLException;
}
