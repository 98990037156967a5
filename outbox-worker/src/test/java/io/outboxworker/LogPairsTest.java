package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class LogPairsTest {

  @Test
  void values_are_quoted_only_where_they_would_be_misread() {
    assertThat(line("event", "invoice.created", "ms", 12, "error", "HTTP 500", "text", "a\"b"))
        .isEqualTo(" event=invoice.created ms=12 error=\"HTTP 500\" text=\"a\\\"b\"");
    assertThat(line("empty", "", "at", 1)).isEqualTo(" empty=\"\" at=1");
    assertThat(line()).isEmpty();
  }

  @Test
  void foreign_text_can_not_forge_a_line_or_colour_the_terminal() {
    assertThat(line("error", "x\r\n2026-11-23 ERROR forged\u001b[31m"))
        .isEqualTo(" error=\"x 2026-11-23 ERROR forged [31m\"");
  }

  private static String line(Object... keysAndValues) {
    var event =
        new LoggingEvent(
            "", new LoggerContext().getLogger("x"), Level.INFO, "delivered", null, null);
    for (int i = 0; i < keysAndValues.length; i += 2) {
      event.addKeyValuePair(new KeyValuePair((String) keysAndValues[i], keysAndValues[i + 1]));
    }
    return new LogPairs().convert(event);
  }
}
