package io.outboxworker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.subscription.KeyRing;
import io.outboxworker.testing.Cli;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.TestDatabase;
import io.outboxworker.testing.TestReceiver;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkCommandTest {

  /** A command that runs until its thread is interrupted. */
  private static final class Running {
    final StringWriter out = new StringWriter();
    final StringWriter err = new StringWriter();
    final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    final Thread thread;

    Running(Map<String, String> environment, String... arguments) {
      thread =
          Thread.ofPlatform()
              .daemon()
              .start(() ->
                  exitCode.complete(
                      Main.run(
                          arguments,
                          environment,
                          new PrintWriter(out, true),
                          new PrintWriter(err, true))));
    }
  }

  @Test
  void it_says_where_it_listens_delivers_and_ends_with_0() {
    try (var shop = new Shop();
        var receiver = new TestReceiver()) {
      shop.subscribe("invoice.created", receiver.url("/ok"));
      var running = new Running(shop.environment(), "work");
      await().until(() -> running.out.toString().endsWith("\n"));
      assertThat(running.out.toString()).matches("listening on http://127.0.0.1:[1-9]\\d+\\n");
      shop.publish("invoice.created", "{}");
      await().until(shop::isDone);
      running.thread.interrupt();
      assertThat(running.exitCode.join()).isZero();
      assertThat(receiver.received()).hasSize(1);
      assertThat(running.err.toString()).isEmpty();
    }
  }

  @Test
  void with_migrate_it_starts_on_an_empty_database() {
    try (var database = TestDatabase.createEmpty(TestDatabase.Version.NEWEST)) {
      var environment = environment(database);
      assertThat(Cli.run(environment, "work"))
          .matches(ran -> ran.exitCode() == 78)
          .matches(ran -> ran.err().contains("run: outbox migrate"));
      var running = new Running(environment, "work", "--migrate");
      await().until(() -> running.out.toString().endsWith("\n"));
      assertThat(running.out.toString()).matches("listening on http://127.0.0.1:[1-9]\\d+\\n");
      running.thread.interrupt();
      assertThat(running.exitCode.join()).isZero();
      assertThat(running.err.toString()).isEmpty();
    }
  }

  @Test
  void keys_that_open_nothing_are_a_configuration_fault() {
    try (var shop = new Shop()) {
      shop.subscribe("invoice.created", "http://127.0.0.1:9/");
      var environment = new HashMap<>(shop.environment());
      environment.put("OUTBOX_KEYS", KeyRing.generate());
      var ran = Cli.run(environment, "work");
      assertThat(ran.exitCode()).isEqualTo(78);
      assertThat(ran.out()).isEmpty();
      assertThat(ran.err()).startsWith("outbox: OUTBOX_KEYS ").hasLineCount(1);
    }
  }

  @Test
  void a_port_that_is_taken_is_told_in_a_sentence() throws Exception {
    try (var shop = new Shop();
        var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var environment = new HashMap<>(shop.environment());
      environment.put("OUTBOX_HTTP_PORT", String.valueOf(taken.getLocalPort()));
      var ran = Cli.run(environment, "work");
      assertThat(ran.exitCode()).isEqualTo(1);
      assertThat(ran.err())
          .startsWith("outbox: can't listen on 127.0.0.1, port " + taken.getLocalPort() + ": ")
          .hasLineCount(1);
    }
  }

  @Test
  void sigterm_ends_a_worker_with_0_whatever_it_is_doing() throws Exception {
    try (var database = TestDatabase.create()) {
      var working = process(environment(database));
      assertThat(working.inputReader().readLine()).startsWith("listening on ");
      working.toHandle().destroy();
      assertThat(working.waitFor()).isZero();
      assertThat(working.errorReader().lines())
          .anyMatch(line -> line.contains("worker is ready"))
          .last()
          .asString()
          .endsWith("stopped");
    }
    var environment = new HashMap<>(Map.of("OUTBOX_DATABASE_URL", "postgresql://127.0.0.1:1/none"));
    environment.put("OUTBOX_KEYS", KeyRing.generate());
    environment.put("OUTBOX_HTTP_PORT", "0");
    var waiting = process(environment);
    assertThat(waiting.errorReader().readLine()).contains("waiting for the database for_s=30");
    waiting.toHandle().destroy();
    assertThat(waiting.waitFor()).isZero();
  }

  @Test
  void a_log_that_nobody_reads_stops_no_delivery_and_spans_that_nobody_wants_load_no_class(
      @TempDir Path folder) throws Exception {
    var classes = folder.resolve("classes");
    try (var shop = new Shop();
        var receiver = new TestReceiver()) {
      shop.subscribe("*", receiver.url("/ok"));
      var environment = new HashMap<>(shop.environment());
      environment.put("OUTBOX_LOG_LEVEL", "debug");
      environment.put("OUTBOX_SHUTDOWN_TIMEOUT", "2m");
      environment.put("JDK_JAVA_OPTIONS", "-Xlog:class+load:file=" + classes);
      var working = process(environment);
      assertThat(working.inputReader().readLine()).startsWith("listening on ");

      // A line each, of more than 200 bytes: a pipe holds 64 KiB.
      shop.publishMany("order.created", 1_000);

      await().atMost(Duration.ofSeconds(30)).until(shop::isDone);
      assertThat(receiver.received()).hasSize(1_000);
      working.toHandle().destroy();
      assertThat(working.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(working.exitValue()).isZero();
      assertThat(Files.readString(classes))
          .contains("io.outboxworker.delivery.Attempts")
          .doesNotContain("io.opentelemetry");
    }
  }

  private static Process process(Map<String, String> environment) throws IOException {
    var builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            // Ready sooner: it does little once it is.
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "work");
    builder.environment().keySet().removeIf(name -> name.startsWith("OUTBOX_"));
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static Map<String, String> environment(TestDatabase database) {
    return Map.of(
        "OUTBOX_DATABASE_URL",
        database.psqlUrl(),
        "OUTBOX_KEYS",
        KeyRing.generate(),
        "OUTBOX_HTTP_ADDRESS",
        "127.0.0.1",
        "OUTBOX_HTTP_PORT",
        "0");
  }
}
