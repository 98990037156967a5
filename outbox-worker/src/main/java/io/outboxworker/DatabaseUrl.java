package io.outboxworker;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.database.DatabaseSettings;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is: what the database room needs to reach it (user and password null where the
 * URL has none), and its hosts, unresolved, with their ports.
 */
record DatabaseUrl(DatabaseSettings settings, List<InetSocketAddress> hosts) {

  private static final int DEFAULT_PORT = 5432;

  private static final Pattern FORM =
      Pattern.compile(
          "(?<jdbc>jdbc:)?postgres(?:ql)?://"
              + "(?:(?<user>[^:@/?]*)(?::(?<password>[^@/?]*))?@)?"
              + "(?<hosts>[^/?@]*)(?:/(?<name>[^?/]*))?(?:\\?(?<query>.*))?");

  private static final Pattern HOST =
      Pattern.compile("(?<host>\\[[0-9A-Fa-f:.%]+\\]|[A-Za-z0-9._-]+)(?::(?<port>\\d{1,5}))?");

  // Up to the last @, since a password that nobody encoded may hold one itself.
  private static final Pattern USER_INFO = Pattern.compile("://.*@");
  private static final Pattern PASSWORD_PARAMETER = Pattern.compile("(?i)(password=)[^&]*");

  // A URL may hold commas itself, between hosts: only name=postgres… starts the next one.
  private static final Pattern NEXT_NAMED = Pattern.compile(",(?=[^,=/]*=(?:jdbc:)?postgres)");
  private static final Pattern NAMED = Pattern.compile("(?<name>[a-z][a-z0-9_-]{0,31})=(?<url>.*)");

  /** What libpq calls it, and what the JDBC driver does: it ignores the names it doesn't know. */
  private static final Map<String, String> DRIVER_NAMES =
      Map.of(
          "application_name", "ApplicationName",
          "channel_binding", "channelBinding",
          "connect_timeout", "connectTimeout",
          "target_session_attrs", "targetServerType");

  DatabaseUrl {
    hosts = List.copyOf(hosts);
  }

  /**
   * Reads {@code postgresql://user:password@host:port/name?parameters} or the same behind {@code
   * jdbc:}, with several hosts separated by commas; throws IllegalArgumentException that says what
   * is wrong and repeats no password.
   */
  static DatabaseUrl parse(String text) {
    var form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "is not a PostgreSQL URL (inside user and password, write : @ / ? % in percent form, @ is"
              + " %40)");
    }
    var name = decodePercent(orEmpty(form.group("name")));
    if (name.isEmpty()) {
      throw new IllegalArgumentException("names no database after the host");
    }
    boolean fromJdbc = form.group("jdbc") != null;
    var parameters = parameters(orEmpty(form.group("query")), fromJdbc);
    var user = decoded(form.group("user"));
    var password = decoded(form.group("password"));
    var otherUser = parameters.remove("user");
    var otherPassword = parameters.remove("password");
    var hosts = hosts(form.group("hosts"));
    var settings =
        new DatabaseSettings(
            jdbc(hosts, name, parameters),
            user != null ? user : otherUser,
            password != null ? password : otherPassword);
    return new DatabaseUrl(settings, hosts);
  }

  /** Reads {@code name=url,name=url…}; throws IllegalArgumentException like {@link #parse}. */
  static Map<String, DatabaseUrl> parseNamed(String text) {
    var databases = new LinkedHashMap<String, DatabaseUrl>();
    for (var entry : NEXT_NAMED.split(text, -1)) {
      var form = NAMED.matcher(entry.strip());
      if (!form.matches()) {
        throw new IllegalArgumentException(
            "has an entry " + (databases.size() + 1) + " that is not name=url");
      }
      var name = form.group("name");
      try {
        if (databases.put(name, parse(form.group("url"))) != null) {
          throw new IllegalArgumentException("is there twice");
        }
      } catch (IllegalArgumentException fault) {
        throw new IllegalArgumentException(
            "has a fault: " + name + " " + fault.getMessage(), fault);
      }
    }
    return databases;
  }

  /** The text of a URL without its passwords, whether it can be read or not. */
  static String masked(String url) {
    return PASSWORD_PARAMETER
        .matcher(USER_INFO.matcher(url).replaceAll("://" + Kind.MASK + "@"))
        .replaceAll("$1" + Kind.MASK);
  }

  /** The same for the text of named URLs. */
  static String maskedNamed(String text) {
    return Arrays.stream(NEXT_NAMED.split(text, -1))
        .map(DatabaseUrl::masked)
        .collect(Collectors.joining(","));
  }

  /** The same place with these credentials; a null keeps the one that is there. */
  DatabaseUrl withCredentials(@Nullable String user, @Nullable String password) {
    var changed =
        new DatabaseSettings(
            settings.jdbcUrl(),
            user != null ? user : settings.user(),
            password != null ? password : settings.password());
    return new DatabaseUrl(changed, hosts);
  }

  private static List<InetSocketAddress> hosts(String text) {
    var hosts = new ArrayList<InetSocketAddress>();
    for (var part : text.split(",", -1)) {
      var form = HOST.matcher(part);
      if (!form.matches()) {
        throw new IllegalArgumentException(
            part.isEmpty()
                ? "names no host"
                : "has a host that is no name, address or [IPv6 address]");
      }
      int port = form.group("port") == null ? DEFAULT_PORT : Integer.parseInt(form.group("port"));
      if (port < 1 || port > 65_535) {
        throw new IllegalArgumentException("has a port outside 1 to 65535");
      }
      hosts.add(InetSocketAddress.createUnresolved(form.group("host"), port));
    }
    return hosts;
  }

  private static Map<String, String> parameters(String query, boolean fromJdbc) {
    var parameters = new LinkedHashMap<String, String>();
    for (var pair : query.split("&", -1)) {
      if (pair.isEmpty()) {
        continue;
      }
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException("has a parameter without a value after the ?");
      }
      var value = pair.substring(equals + 1);
      var name = pair.substring(0, equals);
      put(parameters, name, fromJdbc ? decodeForm(value) : decodePercent(value));
    }
    return parameters;
  }

  private static void put(Map<String, String> parameters, String name, String value) {
    switch (name) {
      case "host", "hostaddr", "port", "dbname" ->
          throw new IllegalArgumentException(
              "has the parameter " + name + ", which belongs before the ?");
      case "target_session_attrs" ->
          parameters.put(
              "targetServerType",
              switch (value) {
                case "any" -> "any";
                case "primary", "read-write" -> "primary";
                default -> throw new IllegalArgumentException("asks for a server that only reads");
              });
      default -> parameters.put(DRIVER_NAMES.getOrDefault(name, name), value);
    }
  }

  private static String jdbc(
      List<InetSocketAddress> hosts, String name, Map<String, String> parameters) {
    var places =
        hosts.stream()
            .map(host -> host.getHostString() + ":" + host.getPort())
            .collect(Collectors.joining(","));
    var query =
        parameters.entrySet().stream()
            .map(p -> p.getKey() + "=" + URLEncoder.encode(p.getValue(), UTF_8))
            .collect(Collectors.joining("&"));
    return "jdbc:postgresql://"
        + places
        + "/"
        + URLEncoder.encode(name, UTF_8)
        + (query.isEmpty() ? "" : "?" + query);
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static @Nullable String decoded(@Nullable String text) {
    return text == null || text.isEmpty() ? null : decodePercent(text);
  }

  /** As libpq decodes: a plus stays a plus. */
  private static String decodePercent(String text) {
    return decodeForm(text.replace("+", "%2B"));
  }

  private static String decodeForm(String text) {
    try {
      return URLDecoder.decode(text, UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "has a % that is not followed by two hex digits"); // the cause quotes the text
    }
  }
}
