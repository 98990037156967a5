package io.outboxworker.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.Faults;
import io.outboxworker.Version;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs faults one after the other, each on a stage of its own, and prints what came of them. */
@Command(
    name = "faults/run",
    mixinStandardHelpOptions = true,
    versionProvider = Suite.VersionLine.class,
    sortOptions = false,
    description = "Breaks things around two workers under load, and checks that nothing is lost.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:every promise was kept", "1:one was not", "64:usage"})
@SuppressWarnings("NullAway.Init") // picocli sets the specification
public final class Suite implements Callable<Integer> {
  /** What --version prints. */
  static final class VersionLine implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"outbox-worker " + Version.current()};
    }
  }

  private static final String ALL = "all";

  @Parameters(
      paramLabel = "FAULT",
      description = "Which faults to run, or all; without any, all of them are listed.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description =
          "How often a fault strikes whose line in the list says --rounds (default:"
              + " ${DEFAULT-VALUE}).")
  private int rounds = 20;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description =
          "How long a fault lasts whose line in the list says --seconds (default:"
              + " ${DEFAULT-VALUE}).")
  private int seconds = 60;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description =
          "Events per second (default: ${DEFAULT-VALUE}); soak, out-of-memory and fan-out have"
              + " their own.")
  private int rate = 100;

  @Option(
      names = "--wait-for-commits",
      description = "With workers that wait for their commits (synchronous_commit=on).")
  private boolean waiting;

  @Option(
      names = "--patience",
      paramLabel = "N",
      description = "Multiplies time limits, for a busy machine (default: ${DEFAULT-VALUE}).")
  private int patience = 1;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Makes random choices the same again; each run prints its own.")
  private long seed = System.nanoTime();

  @Option(
      names = "--folder",
      paramLabel = "FOLDER",
      description =
          "Gets a folder of journals, logs and data for each run (default: outbox-faults in the"
              + " temporary folder).")
  private Path folder = Path.of(System.getProperty("java.io.tmpdir"), "outbox-faults");

  @Spec private CommandSpec command;

  private Suite() {}

  /** Runs the suite from the command line. */
  public static void main(String[] arguments) {
    System.setProperty("logback.configurationFile", "faults-log.xml");
    System.exit(
        run(
            arguments,
            new PrintWriter(System.out, true, UTF_8),
            new PrintWriter(System.err, true, UTF_8)));
  }

  /** Runs what the arguments say and returns the exit code. */
  static int run(String[] arguments, PrintWriter out, PrintWriter err) {
    return new CommandLine(new Suite())
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler((fault, given) -> Faults.misunderstood(fault))
        .execute(arguments);
  }

  /** Every fault of the suite. */
  static List<Fault> faults() {
    List<Fault> faults = new ArrayList<>();
    faults.addAll(WorkerFaults.all());
    faults.addAll(DatabaseFaults.all());
    faults.addAll(DiskFaults.all());
    faults.addAll(NetworkFaults.all());
    faults.addAll(NameFaults.all());
    faults.addAll(ReceiverFaults.all());
    faults.addAll(PayloadFaults.all());
    faults.addAll(SubscriptionFaults.all());
    faults.addAll(TimeFaults.all());
    faults.addAll(StartFaults.all());
    faults.addAll(CombinedFaults.all());
    return faults;
  }

  /** Runs one fault on a stage of its own in {@code folder}. */
  static Result run(Fault fault, Plan plan, Path folder) throws Exception {
    try (Stage stage = new Stage(folder, fault.plan().apply(plan))) {
      if (stage.plan().setUp().migrated()) {
        stage.begin();
      }
      fault.strike().on(stage);
      return stage.finish(fault.name(), fault.allowedExtra());
    }
  }

  @Override
  public Integer call() {
    PrintWriter out = command.commandLine().getOut();
    if (names.isEmpty()) {
      faults().forEach(fault -> out.printf("%-22s %s%n", fault.name(), fault.what()));
      out.println(
          "\nfaults/run FAULT … runs these, faults/run all every one; --help lists options.");
      return 0;
    }
    List<Fault> chosen = chosen();
    Path base = home();
    out.printf("seed %d, journals and logs in %s%n", seed, base);
    out.println("each fault takes half a minute or more, and is told at its end");
    Plan plan = Plan.of(rate, rounds, Duration.ofSeconds(seconds), patience, seed);
    boolean passed = true;
    for (Fault fault : chosen) {
      passed &= run(fault, waiting ? plan.waitingForCommits() : plan, base, out);
    }
    return passed ? 0 : 1;
  }

  /** The faults with these names; a usage error with all that is wrong with the command line. */
  private List<Fault> chosen() {
    List<Fault> known = faults();
    List<String> wrong = new ArrayList<>();
    names.stream()
        .filter(name -> !name.equals(ALL) && known.stream().noneMatch(f -> f.name().equals(name)))
        .forEach(name -> wrong.add("there is no fault '%s'".formatted(name)));
    Map<String, Integer> numbers = new TreeMap<>();
    numbers.put("--rounds", rounds);
    numbers.put("--seconds", seconds);
    numbers.put("--rate", rate);
    numbers.put("--patience", patience);
    numbers.forEach((option, number) -> {
      if (number < 1) {
        wrong.add(option + " must be at least 1");
      }
    });
    if (!wrong.isEmpty()) {
      throw new ParameterException(command.commandLine(), String.join("; ", wrong));
    }
    return known.stream()
        .filter(fault -> names.contains(ALL) || names.contains(fault.name()))
        .toList();
  }

  private Path home() {
    try {
      return Files.createDirectories(folder.resolve(Instant.now().toString().replace(':', '-')));
    } catch (IOException e) {
      throw new ParameterException(
          command.commandLine(), "nothing can be written to %s: %s".formatted(folder, e));
    }
  }

  private static boolean run(Fault fault, Plan plan, Path base, PrintWriter out) {
    try {
      Result result = run(fault, plan, base.resolve(fault.name()));
      out.print(result.text());
      return result.passed();
    } catch (Skipped e) {
      out.printf("skipped %s: %s%n", fault.name(), e.getMessage());
      return true;
    } catch (Exception e) {
      out.printf("BROKEN  %s: %s%n", fault.name(), e);
      return false;
    } finally {
      out.flush();
    }
  }
}
