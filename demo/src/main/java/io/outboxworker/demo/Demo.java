package io.outboxworker.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.Faults;
import io.outboxworker.Version;
import io.outboxworker.cli.Arguments;
import io.outboxworker.cli.CommandFailed;
import io.outboxworker.webhook.Sender;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code outbox demo}: business transactions turn into signed webhooks, before one's eyes. */
@Command(
    name = "outbox demo",
    mixinStandardHelpOptions = true,
    versionProvider = Demo.VersionLine.class,
    description = {
      "Runs the worker, a PostgreSQL of its own, a sample shop and three sample receivers on this"
          + " machine, and shows each webhook.",
      "Ends with Ctrl-C, and leaves nothing behind.",
      "The last line counts events, deliveries that were delivered, that failed, and that took more"
          + " than one attempt."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
public final class Demo implements Callable<Integer> {

  /** What --version prints. */
  static final class VersionLine implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"outbox-worker " + Version.current()};
    }
  }

  private static final Duration LONGEST = Duration.ofDays(30);
  private static final Duration STEP = Duration.ofMillis(100);
  private static final int STEPS_PER_LOOK = 2;
  private static final int STEPS_PER_TICK = 5;

  /** Four attempts of 10 s and their delays take 47 s at most. */
  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(60);

  @Option(
      names = "--for",
      paramLabel = "DURATION",
      description =
          "How long the shop is open, as in 20s; the demo ends when all of its webhooks have"
              + " arrived or failed. Without it: until Ctrl-C.")
  private @Nullable Duration length;

  @Spec private CommandSpec spec;

  private final Map<String, String> environment;
  private final Screen screen;

  private Demo(Map<String, String> environment, PrintWriter out) {
    this.environment = environment;
    this.screen = new Screen(out, Screen.wantsColours(environment));
  }

  /** Runs the demo and ends the JVM with its exit code. */
  public static void main(String[] arguments) {
    Sender.prepareJvm();
    var out = new PrintWriter(new FileOutputStream(FileDescriptor.out), true, UTF_8);
    var err = new PrintWriter(new FileOutputStream(FileDescriptor.err), true, UTF_8);
    System.exit(run(arguments, System.getenv(), out, err));
  }

  /** Runs the demo with this environment and returns its exit code; never throws. */
  static int run(
      String[] arguments, Map<String, String> environment, PrintWriter out, PrintWriter err) {
    return Arguments.understoodBy(new CommandLine(new Demo(environment, out)))
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler((fault, args) -> Faults.misunderstood(fault))
        .setExecutionExceptionHandler((fault, command, parsed) -> Faults.failed(fault, err))
        .execute(arguments);
  }

  @Override
  public Integer call() throws Exception {
    if (length != null && (length.toSeconds() < 1 || length.compareTo(LONGEST) > 0)) {
      throw new ParameterException(spec.commandLine(), "--for must be 1s to 30d");
    }
    try (var stop = new StopSignal()) {
      try {
        show(stop);
      } catch (Exception e) {
        // Ctrl-C reaches whatever is just being started as well, which then fails.
        if (!stop.isAsked()) {
          throw e;
        }
      }
    }
    return 0;
  }

  private void show(StopSignal stop) throws Exception {
    long begin = System.nanoTime();
    var welcome = new Welcome(screen);
    welcome.begin();
    Watch.Totals totals;
    // Not info or warn: what the worker would tell there, the demo shows on its own lines.
    try (var stage = new Stage(environment.getOrDefault("OUTBOX_LOG_LEVEL", "error"))) {
      stage.open();
      if (stop.isAsked()) {
        return;
      }
      welcome.ready(stage, Duration.ofNanos(System.nanoTime() - begin));
      var watch = new Watch(stage.database().jdbi(), screen);
      try (var shop = new Shop(stage.postgres().connect(), screen)) {
        keepOpen(shop, watch, stop);
      }
      if (stop.isAsked()) {
        // The terminal wrote ^C where the next line is to begin.
        screen.say("");
      } else {
        drain(watch, stop);
      }
      watch.look();
      totals = watch.totals();
    }
    tell(totals, stop);
  }

  /** One thread for the shop and the screen: lines never mix, and a fault of either ends both. */
  private void keepOpen(Shop shop, Watch watch, StopSignal stop)
      throws SQLException, InterruptedException {
    long steps = length == null ? Long.MAX_VALUE : length.dividedBy(STEP);
    for (long step = 0; step < steps && !stop.await(STEP); step++) {
      if (step % STEPS_PER_TICK == 0) {
        shop.tick();
      }
      if (step % STEPS_PER_LOOK == 0) {
        watch.look();
      }
      if (screen.isGone()) {
        stop.ask();
      }
    }
  }

  private void drain(Watch watch, StopSignal stop) throws InterruptedException {
    long deadline = System.nanoTime() + DRAIN_LIMIT.toNanos();
    long waiting = watch.totals().waiting();
    if (waiting > 0) {
      screen.heading("The shop is closed. Still on the way: " + waiting);
    }
    while (watch.totals().waiting() > 0 && System.nanoTime() < deadline && !stop.await(STEP)) {
      watch.look();
    }
  }

  private void tell(Watch.Totals totals, StopSignal stop) {
    screen.say("");
    screen.say(totals.toString());
    if (totals.waiting() > 0 && !stop.isAsked()) {
      throw new CommandFailed(
          "%d events and deliveries still wait after %d s"
              .formatted(totals.waiting(), DRAIN_LIMIT.toSeconds()));
    }
  }
}
