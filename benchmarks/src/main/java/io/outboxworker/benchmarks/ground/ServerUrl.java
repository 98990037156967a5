package io.outboxworker.benchmarks.ground;

import io.outboxworker.Config;
import io.outboxworker.InvalidConfig;
import io.outboxworker.cli.CommandFailed;
import io.outboxworker.cli.CommandMisused;
import io.outboxworker.database.DatabaseSettings;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where a PostgreSQL is, and as which of its superusers one gets in; read as the worker does. */
public final class ServerUrl {
  private static final String WANTED =
      "the server is given as postgresql://user:password@host:port";
  private static final Pattern FORM = Pattern.compile("postgres(?:ql)?://([^/?]+)(?:/[^/?]*)?");

  private final String authority;

  /**
   * Reads {@code postgresql://user:password@host:port}, a database's name at its end passed over.
   */
  public ServerUrl(String text) {
    Matcher url = FORM.matcher(text);
    if (!url.matches()) {
      throw new CommandMisused(WANTED);
    }
    this.authority = url.group(1);
    DatabaseSettings read = read("postgres");
    if (read.user() == null || read.password() == null) {
      throw new CommandMisused(WANTED);
    }
  }

  String url(String database) {
    return "postgresql://" + authority + "/" + database;
  }

  String jdbcUrl(String database) {
    DatabaseSettings read = read(database);
    return "%s?user=%s&password=%s"
        .formatted(read.jdbcUrl(), encoded(read.user()), encoded(read.password()));
  }

  private DatabaseSettings read(String database) {
    try {
      Config config =
          Config.read(Map.of("OUTBOX_DATABASE_URL", url(database)), Config.Need.DATABASE);
      return Objects.requireNonNull(config.databases().get(Config.MAIN_DATABASE));
    } catch (InvalidConfig e) {
      throw new CommandMisused("the server's URL " + e.faults().getFirst().problem());
    }
  }

  private static String encoded(@Nullable String text) {
    return URLEncoder.encode(Objects.requireNonNull(text), StandardCharsets.UTF_8);
  }

  Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(jdbcUrl(database));
  }

  /** The first connection, which tells in a sentence why there is none. */
  Connection reach(String database) {
    try {
      return connect(database);
    } catch (SQLException e) {
      throw new CommandFailed("the server can't be reached: " + e.getMessage());
    }
  }

  /** Refuses a server that doesn't note what the benchmark reads; all faults at once. */
  void requireReadable(Connection admin) throws SQLException {
    Map<String, String> settings = settings(admin);
    List<String> missing = new ArrayList<>();
    if (!settings.getOrDefault("shared_preload_libraries", "").contains("pg_stat_statements")) {
      missing.add("shared_preload_libraries = 'pg_stat_statements'");
    }
    if (!settings.getOrDefault("track_commit_timestamp", "off").equals("on")) {
      missing.add("track_commit_timestamp = on");
    }
    if (!missing.isEmpty()) {
      throw new CommandMisused("the server must be started with " + String.join(" and ", missing));
    }
  }

  Map<String, String> settings(Connection admin) throws SQLException {
    Map<String, String> settings = new LinkedHashMap<>();
    try (Statement statement = admin.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select name, current_setting(name) from pg_settings
                where name in ('fsync', 'synchronous_commit') or setting is distinct from boot_val and name in
                  ('shared_buffers', 'max_wal_size', 'max_connections', 'shared_preload_libraries', 'jit',
                  'track_commit_timestamp', 'full_page_writes', 'wal_level', 'wal_compression', 'autovacuum',
                  'checkpoint_timeout', 'huge_pages', 'io_method')
                order by name
                """)) {
      while (row.next()) {
        settings.put(row.getString(1), row.getString(2));
      }
    }
    return settings;
  }
}
