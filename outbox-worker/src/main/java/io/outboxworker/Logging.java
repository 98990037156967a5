package io.outboxworker;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import java.util.logging.LogManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** How log lines look ({@code text} or {@code json}) and from which level on they are written. */
public record Logging(String format, String level) {

  static final String DEFAULT_LEVEL = "info";

  /** Lines that may wait for whoever reads stderr. */
  private static final int WAITING_LINES = 4_096;

  private static final int FLUSH_MILLIS = 1_000;

  /** The log while nobody waits for it; to be closed before the process ends. */
  record Background(Logger root, ConsoleAppender<ILoggingEvent> console, AsyncAppender appender)
      implements AutoCloseable {

    /** Writes what waits, for a second at most; what is logged from then on is lost. */
    void flush() {
      root.detachAppender(appender);
      appender.stop();
    }

    /** Writes what waits, and then again line by line, which waits for whoever reads stderr. */
    @Override
    public void close() {
      flush();
      console.start();
      root.addAppender(console);
    }
  }

  /**
   * From now on nobody waits for stderr, which may be a pipe that is not read: lines are written by
   * a thread of their own, and those are dropped for which there is no room. Null where somebody's
   * own file decides how lines are written.
   */
  static @Nullable Background inBackground() {
    var context = (LoggerContext) LoggerFactory.getILoggerFactory();
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    if (!(root.getAppender(PlainLog.APPENDER) instanceof ConsoleAppender<ILoggingEvent> console)) {
      return null;
    }
    var appender = new AsyncAppender();
    appender.setContext(context);
    appender.setName(PlainLog.APPENDER + "-in-background");
    appender.setQueueSize(WAITING_LINES);
    appender.setDiscardingThreshold(0);
    appender.setNeverBlock(true);
    appender.setMaxFlushTime(FLUSH_MILLIS);
    appender.addAppender(console);
    appender.start();
    root.detachAppender(console);
    root.addAppender(appender);
    return new Background(root, console, appender);
  }

  /** Makes the program log like this, java.util.logging included; always to stderr. */
  public void start() {
    var context = (LoggerContext) LoggerFactory.getILoggerFactory();
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    // What PlainLog says already; a file that took its place keeps its own level unless asked.
    if (!level.equals(DEFAULT_LEVEL)) {
      root.setLevel(Level.toLevel(level));
    }
    if (format.equals("json")
        && root.getAppender(PlainLog.APPENDER) instanceof ConsoleAppender<ILoggingEvent> appender) {
      appender.stop();
      appender.setEncoder(jsonLines(context));
      appender.start();
    }
    LogManager.getLogManager().reset();
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
  }

  private static JsonEncoder jsonLines(LoggerContext context) {
    var encoder = new JsonEncoder();
    encoder.setContext(context);
    encoder.setWithFormattedMessage(true);
    encoder.setWithMessage(false);
    encoder.setWithArguments(false);
    encoder.setWithContext(false);
    encoder.setWithSequenceNumber(false);
    encoder.setWithNanoseconds(false);
    encoder.start();
    return encoder;
  }
}
