package io.outboxworker;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import org.slf4j.event.KeyValuePair;

/**
 * Writes a log event's pairs as {@code key=value}, with quotes only around what would be misread
 * without them; foreign text can neither end the line nor colour the terminal.
 */
public final class LogPairs extends ClassicConverter {

  @Override
  public String convert(ILoggingEvent event) {
    var pairs = event.getKeyValuePairs();
    if (pairs == null) {
      return "";
    }
    var line = new StringBuilder();
    for (KeyValuePair pair : pairs) {
      line.append(' ').append(pair.key).append('=').append(quoted(String.valueOf(pair.value)));
    }
    return line.toString();
  }

  private static String quoted(String value) {
    var clean = value.replaceAll("\\p{Cntrl}+", " ");
    boolean plain = !clean.isEmpty() && clean.chars().noneMatch(c -> c == ' ' || c == '"');
    return plain ? clean : '"' + clean.replace("\"", "\\\"") + '"';
  }
}
