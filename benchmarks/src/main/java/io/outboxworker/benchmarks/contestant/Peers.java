package io.outboxworker.benchmarks.contestant;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.outboxworker.benchmarks.ground.Ground;
import java.util.List;

/** What peers on a JVM have in common. */
final class Peers {
  /** Like the worker, they may lose their own last half second in a crash of PostgreSQL. */
  static final String COMMITS = "synchronous_commit=off in its own connections, as the worker";

  private Peers() {}

  static List<String> arguments(Ground ground, String database, Audience audience) {
    return List.of(
        ground.jdbcUrl(database) + "&options=-c%20synchronous_commit=off",
        ground.receiver().urls(),
        "" + audience.tenants(),
        "" + audience.perTenant());
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
