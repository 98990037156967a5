package io.outboxworker.benchmarks.contestant;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.benchmarks.ground.Ground;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** What peers have in common. */
final class Peers {
  /** Like the worker, they may lose their own last half second in a crash of PostgreSQL. */
  static final String COMMITS = "synchronous_commit=off in its own connections, as the worker";

  private Peers() {}

  /**
   * Commits events one by one.
   *
   * @param insert takes an event's id, number and data, and returns the transaction's id
   */
  static Publisher publisher(Connection connection, Audience audience, String insert)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(insert);
    return seq -> {
      statement.setObject(1, EventId.of(System.currentTimeMillis(), seq, audience.tenant(seq)));
      statement.setLong(2, seq);
      statement.setString(3, Audience.data(seq));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    };
  }

  /** Starts the main class of a peer on a JVM, which hands its arguments to {@link #poster}. */
  static Running start(Contestant peer, Ground ground, String database, Audience audience)
      throws IOException {
    List<String> command = Checkout.java(peer.getClass());
    command.addAll(
        List.of(
            ground.jdbcUrl(database) + "&options=-c%20synchronous_commit=off",
            ground.receiver().urls(),
            "" + audience.tenants(),
            "" + audience.perTenant()));
    return Running.start(
        peer.name(), command, Map.of(), ground.file(peer.name() + ".log").toFile());
  }

  static HikariDataSource pool(String[] arguments, int connections) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(arguments[0]);
    config.setMaximumPoolSize(connections);
    config.addDataSourceProperty("reWriteBatchedInserts", "true");
    return new HikariDataSource(config);
  }

  static Poster poster(String[] arguments) {
    return new Poster(
        arguments[1], new Audience(Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3])));
  }
}
