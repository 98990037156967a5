package io.outboxworker;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.ClassicConstants;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.Map;
import org.slf4j.Logger;

/**
 * Logs go to stderr, always: stdout is for what a command was asked for. One line per event, times
 * in UTC. {@link Logging} sets level and form as the configuration says, and {@code
 * -Dlogback.configurationFile=…} replaces all this. In code and not in XML, whose parser would take
 * a tenth of a worker's start.
 */
public final class PlainLog extends ContextAwareBase implements Configurator {
  static final String APPENDER = "stderr";

  private static final String LINE =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z', UTC} %-5level %logger{0}:"
          + " %replace(%msg){'\\p{Cntrl}+', ' '}%pairs%n";

  private static final Map<String, Level> LIBRARIES =
      Map.of(
          // They greet at info; what they have to say at warn is worth a line.
          "com.github.kagkarlsson", Level.WARN,
          "io.helidon", Level.WARN,
          "org.flywaydb", Level.WARN,
          "org.jdbi", Level.WARN,
          // A database that is away is told by the loops that miss it, in a line each and not by a
          // trace per connection.
          "com.github.kagkarlsson.scheduler.RunUntilShutdown", Level.OFF,
          "com.zaxxer.hikari", Level.ERROR,
          // It takes a client that hangs up for an error, with a trace; what our routes throw is
          // told by the API itself.
          "io.helidon.webserver.http1.Http1Connection", Level.ERROR,
          // Spans that can't be exported are told once, by who exports them.
          "io.opentelemetry", Level.WARN,
          "io.opentelemetry.exporter", Level.OFF,
          // A port that is taken is told in a sentence, not by its trace.
          "io.helidon.webserver.LoomServer", Level.OFF);

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    if (System.getProperty(ClassicConstants.CONFIG_FILE_PROPERTY) != null) {
      return ExecutionStatus.INVOKE_NEXT_IF_ANY;
    }
    LIBRARIES.forEach((name, level) -> context.getLogger(name).setLevel(level));
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.INFO);
    root.addAppender(appender(context));
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  private static ConsoleAppender<ILoggingEvent> appender(LoggerContext context) {
    var layout = new PatternLayout();
    layout.setContext(context);
    layout.getInstanceConverterMap().put("pairs", LogPairs::new);
    layout.setPattern(LINE);
    layout.start();
    var encoder = new LayoutWrappingEncoder<ILoggingEvent>();
    encoder.setContext(context);
    encoder.setLayout(layout);
    encoder.setCharset(UTF_8);
    encoder.start();
    var appender = new ConsoleAppender<ILoggingEvent>();
    appender.setContext(context);
    appender.setName(APPENDER);
    appender.setTarget("System.err");
    appender.setEncoder(encoder);
    appender.start();
    return appender;
  }
}
