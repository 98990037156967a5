package io.outboxworker;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** Runs one worker until the process is told to stop, and then ends the process with 0. */
final class Service {

  /** What stopping may take beyond the shutdown limit before the process just ends. */
  private static final Duration MARGIN = Duration.ofSeconds(2);

  private final Config config;
  private final PrintWriter out;
  private final CountDownLatch forEver = new CountDownLatch(1);
  private volatile @Nullable Worker worker;
  private volatile Logging.@Nullable Background log;

  Service(Config config, PrintWriter out) {
    this.config = config;
    this.out = out;
  }

  /**
   * Returns only where its thread is interrupted, after a graceful stop; throws what the start
   * throws.
   */
  void run() throws InterruptedException {
    // In place before the start, which may wait for the database: a stop is a stop then, too.
    var hook = new Thread(this::endProcess, "stop");
    Runtime.getRuntime().addShutdownHook(hook);
    log = Logging.inBackground();
    try (var started = Worker.start(config)) {
      worker = started;
      out.println("listening on " + url(config.http().address(), started.httpPort()));
      try {
        forEver.await();
      } catch (InterruptedException e) {
        started.stop();
      }
    } finally {
      removeHook(hook);
      var background = log;
      if (background != null) {
        background.close();
      }
    }
  }

  private static String url(String address, int port) {
    return "http://" + (address.contains(":") ? "[" + address + "]" : address) + ":" + port;
  }

  /** Without the halt, a JVM that got a signal would end with 143 however clean its end was. */
  private void endProcess() {
    var limit = config.shutdownTimeout().plus(MARGIN);
    Thread.ofPlatform().daemon().start(() -> haltAfter(limit));
    var running = worker;
    try {
      if (running != null) {
        running.stop();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      var background = log;
      if (background != null) {
        background.flush();
      }
      Runtime.getRuntime().halt(0);
    }
  }

  private static void haltAfter(Duration limit) {
    try {
      Thread.sleep(limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(0);
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already, by this very hook.
    }
  }
}
