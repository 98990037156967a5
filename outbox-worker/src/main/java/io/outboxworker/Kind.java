package io.outboxworker;

import io.outboxworker.subscription.DurationText;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.webhook.Cidr;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * The values that a setting may have: how they are read (IllegalArgumentException says what is
 * wrong), what is allowed in words, and how they are shown where people and logs see them.
 */
record Kind<T>(String allowed, Function<String, T> parse, UnaryOperator<String> shown) {

  static final String MASK = "***";

  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

  private static <T> Kind<T> of(String allowed, Function<String, T> parse) {
    return new Kind<>(allowed, parse, UnaryOperator.identity());
  }

  /** The same values, shown as nothing but a mask. */
  Kind<T> secret() {
    return new Kind<>(allowed, parse, text -> MASK);
  }

  private Kind<T> shownBy(UnaryOperator<String> masking) {
    return new Kind<>(allowed, parse, masking);
  }

  static Kind<String> text(int min, int max) {
    return of(
        min + " to " + max + " characters, no control characters",
        text -> {
          if (text.length() < min || text.length() > max) {
            throw new IllegalArgumentException("has " + text.length() + " characters");
          }
          if (text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("holds a control character");
          }
          return text;
        });
  }

  static Kind<Boolean> flag() {
    return choice("true", "false").to(Boolean::valueOf);
  }

  static Kind<String> choice(String... values) {
    var allowed = List.of(values);
    return of(
        String.join(" or ", allowed),
        text -> {
          if (!allowed.contains(text)) {
            throw new IllegalArgumentException("is none of the allowed values");
          }
          return text;
        });
  }

  <U> Kind<U> to(Function<T, U> next) {
    return new Kind<>(allowed, parse.andThen(next), shown);
  }

  static Kind<Integer> wholeNumber(int min, int max) {
    return of(min + " to " + max, text -> wholeNumber(text, min, max));
  }

  private static int wholeNumber(String text, int min, int max) {
    if (!text.matches("-?\\d{1,9}")) {
      throw new IllegalArgumentException("is not a whole number");
    }
    int number = Integer.parseInt(text);
    if (number < min || number > max) {
      throw new IllegalArgumentException("is out of range");
    }
    return number;
  }

  static Kind<SortedSet<Integer>> ports() {
    return of(
        "ports 1 to 65535, separated by commas",
        text -> {
          var ports = new TreeSet<Integer>();
          for (var port : text.split(",", -1)) {
            ports.add(wholeNumber(port.strip(), 1, 65_535));
          }
          return ports;
        });
  }

  static Kind<Duration> duration(String min, String max) {
    return of(
        min + " to " + max + ", with its unit (ms, s, m, h, d)",
        text -> inRange(DurationText.parse(text), min, max));
  }

  static Kind<List<Duration>> durations(int count, String min, String max) {
    return of(
        "1 to " + count + " durations of " + min + " to " + max + ", separated by commas",
        text -> {
          var durations = DurationText.parseList(text);
          if (durations.size() > count) {
            throw new IllegalArgumentException("has " + durations.size() + " durations");
          }
          durations.forEach(duration -> inRange(duration, min, max));
          return durations;
        });
  }

  private static Duration inRange(Duration duration, String min, String max) {
    if (duration.compareTo(DurationText.parse(min)) < 0
        || duration.compareTo(DurationText.parse(max)) > 0) {
      throw new IllegalArgumentException("is out of range");
    }
    return duration;
  }

  static Kind<KeyRing> keys() {
    return of(
            "1:<base64 of 32 bytes>[,2:…] with ids from 1 to 65535; `outbox keys generate` makes"
                + " one",
            KeyRing::parse)
        .secret();
  }

  static Kind<DatabaseUrl> database() {
    return of(
            "postgresql://user:password@host:port/name or jdbc:postgresql://…", DatabaseUrl::parse)
        .shownBy(DatabaseUrl::masked);
  }

  static Kind<Map<String, DatabaseUrl>> databases() {
    return of("name=url[,name=url…], names of a-z, 0-9, _ and -", DatabaseUrl::parseNamed)
        .shownBy(DatabaseUrl::maskedNamed);
  }

  static Kind<String> listenAddress() {
    return of("an IP address or host name of this machine", text -> matching(HOST, text));
  }

  private static String matching(Pattern pattern, String text) {
    if (!pattern.matcher(text).matches()) {
      throw new IllegalArgumentException("is no IP address or host name");
    }
    return text;
  }

  static Kind<InetSocketAddress> proxy() {
    return of("host:port or http://host:port, without user and password", Kind::proxy)
        .shownBy(DatabaseUrl::masked);
  }

  private static InetSocketAddress proxy(String text) {
    var uri = uri(text.contains("://") ? text : "http://" + text);
    if (!"http".equals(uri.getScheme()) || uri.getUserInfo() != null || uri.getPort() < 1) {
      throw new IllegalArgumentException("is not host:port");
    }
    return InetSocketAddress.createUnresolved(uri.getHost(), uri.getPort());
  }

  static Kind<URI> url(String... schemes) {
    var allowed = "an " + String.join(":// or ", schemes) + ":// URL";
    return of(
            allowed,
            text -> {
              var uri = uri(text);
              if (!List.of(schemes).contains(uri.getScheme()) || uri.getUserInfo() != null) {
                throw new IllegalArgumentException("is not " + allowed);
              }
              return uri;
            })
        .shownBy(DatabaseUrl::masked);
  }

  static Kind<List<String>> origins() {
    return of(
        "origins such as https://shop.example, separated by commas",
        text -> Arrays.stream(text.split(",", -1)).map(part -> origin(part.strip())).toList());
  }

  private static String origin(String text) {
    var uri = uri(text);
    if (uri.getUserInfo() != null || !text.equals(uri.getScheme() + "://" + uri.getAuthority())) {
      throw new IllegalArgumentException("holds more than a scheme, a host and a port");
    }
    return text;
  }

  private static URI uri(String text) {
    URI uri;
    try {
      uri = URI.create(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("is not a URL", e);
    }
    if (uri.getHost() == null) {
      throw new IllegalArgumentException("has no host");
    }
    return uri;
  }

  static Kind<Path> file() {
    return of(
        "a file that can be read",
        text -> {
          try {
            var path = Path.of(text);
            if (Files.isRegularFile(path) && Files.isReadable(path)) {
              return path;
            }
          } catch (InvalidPathException e) {
            throw new IllegalArgumentException("is not the name of a file", e);
          }
          throw new IllegalArgumentException("is not a file that can be read");
        });
  }

  static Kind<List<Cidr>> networks() {
    return of(
        "networks such as 10.0.0.0/8 or fd00::/8, separated by commas",
        text -> Arrays.stream(text.split(",", -1)).map(part -> network(part.strip())).toList());
  }

  private static Cidr network(String text) {
    try {
      return Cidr.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("has a fault: " + e.getMessage(), e);
    }
  }
}
