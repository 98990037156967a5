package io.outboxworker.database;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is and who asks. {@code jdbcUrl} begins with {@code jdbc:postgresql:}; toString
 * shows neither password nor query parameters.
 */
public record DatabaseSettings(String jdbcUrl, @Nullable String user, @Nullable String password) {
  private static final Pattern OPTIONS = Pattern.compile("[?&]options=([^&]*)");

  /** The URL with these options of the session; its own come last, and so win. */
  String withOptions(String options) {
    Matcher asked = OPTIONS.matcher(jdbcUrl);
    String own = asked.find() ? " " + URLDecoder.decode(asked.group(1), UTF_8) : "";
    // Of a parameter that is there twice the driver takes the last.
    return jdbcUrl
        + (jdbcUrl.contains("?") ? "&" : "?")
        + "options="
        + URLEncoder.encode(options + own, UTF_8);
  }

  @Override
  public String toString() {
    return jdbcUrl.replaceAll("\\?.*", "");
  }
}
