package io.outboxworker.faults;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs faults one after the other, each on a stage of its own, and prints what came of them. */
@Command(
    name = "faults/run",
    mixinStandardHelpOptions = true,
    description = "Breaks things around two workers under load, and checks that nothing is lost.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:every promise was kept", "1:one was not", "64:usage"})
public final class Suite implements Callable<Integer> {
  @Parameters(description = "Faults to run; without any, all of them are listed.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--rounds",
      description = "How often a fault strikes that can strike often (default: ${DEFAULT-VALUE}).")
  private int rounds = 20;

  @Option(
      names = "--seconds",
      description = "How long a fault lasts where that is open (default: ${DEFAULT-VALUE}).")
  private int seconds = 60;

  @Option(names = "--rate", description = "Events per second (default: ${DEFAULT-VALUE}).")
  private int rate = 100;

  @Option(
      names = "--patience",
      description = "Multiplies time limits, for a busy machine (default: ${DEFAULT-VALUE}).")
  private int patience = 1;

  @Option(names = "--seed", description = "Makes random choices the same again.")
  private long seed = System.nanoTime();

  @Option(
      names = "--folder",
      description = "For journals, logs and data (default: a new one in the temporary folder).")
  private Path folder = Path.of(System.getProperty("java.io.tmpdir"), "outbox-faults");

  private Suite() {}

  /** Runs the suite from the command line. */
  public static void main(String[] arguments) {
    System.setProperty("logback.configurationFile", "faults-log.xml");
    System.exit(
        new CommandLine(new Suite())
            .setParameterExceptionHandler((fault, args) -> {
              System.err.println(fault.getMessage());
              return 64;
            })
            .execute(arguments));
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
      if (stage.plan().migrated()) {
        stage.begin();
      }
      fault.strike().on(stage);
      return stage.finish(fault.name(), fault.allowedExtra());
    }
  }

  @Override
  public Integer call() throws Exception {
    if (names.isEmpty()) {
      faults().forEach(fault -> System.out.printf("%-20s %s%n", fault.name(), fault.what()));
      return 0;
    }
    Path base = folder.resolve(Instant.now().toString().replace(':', '-'));
    System.out.printf("seed %d, journals and logs in %s%n", seed, base);
    Plan plan = Plan.of(rate, rounds, Duration.ofSeconds(seconds), patience, seed);
    boolean passed = true;
    for (Fault fault : chosen()) {
      try {
        Result result = run(fault, plan, Files.createDirectories(base.resolve(fault.name())));
        System.out.print(result.text());
        passed &= result.passed();
      } catch (Skipped e) {
        System.out.printf("skipped %s: %s%n", fault.name(), e.getMessage());
      } catch (Exception e) {
        System.out.printf("BROKEN  %s: %s%n", fault.name(), e);
        passed = false;
      }
    }
    return passed ? 0 : 1;
  }

  private List<Fault> chosen() {
    if (names.equals(List.of("all"))) {
      return faults();
    }
    List<Fault> chosen = new ArrayList<>();
    for (String name : names) {
      chosen.add(
          faults().stream()
              .filter(fault -> fault.name().equals(name))
              .findFirst()
              .orElseThrow(() -> new IllegalArgumentException("no such fault: " + name)));
    }
    return chosen;
  }
}
