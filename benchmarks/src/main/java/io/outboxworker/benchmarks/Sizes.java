package io.outboxworker.benchmarks;

import io.outboxworker.benchmarks.scenario.NoisyNeighbours.Noise;
import io.outboxworker.cli.CommandMisused;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** How much of everything. */
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class Sizes {
  /** As many as the id of an event can tell apart. */
  private static final int MOST_TENANTS = 1_000_000;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often each scenario is measured, in turn. ${DEFAULT-VALUE}")
  int rounds;

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "200000",
      description = "Events of a drain. ${DEFAULT-VALUE}")
  int events;

  @Option(
      names = "--subscriptions",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Tenants with one subscription each. ${DEFAULT-VALUE}")
  int subscriptions;

  @Option(
      names = "--bare-in-flight",
      paramLabel = "N",
      defaultValue = "256",
      description = "POSTs that the bare client has running. ${DEFAULT-VALUE}")
  int bareInFlight;

  @Option(
      names = "--answer-after",
      paramLabel = "DURATION",
      defaultValue = "0ms",
      description = "How long every endpoint takes to answer, such as 100ms. ${DEFAULT-VALUE}")
  Duration answerAfter;

  @Option(
      names = "--rates",
      paramLabel = "N",
      split = ",",
      defaultValue = "200,1000,3000",
      description = "Events a second of a steady load. ${DEFAULT-VALUE}")
  List<Integer> rates;

  @Option(
      names = "--seconds",
      paramLabel = "SECONDS",
      defaultValue = "20",
      description = "How long each steady load is kept. ${DEFAULT-VALUE}")
  double seconds;

  @Option(
      names = "--warm-up",
      paramLabel = "N",
      defaultValue = "50000",
      description = "Events that are drained before a steady load. ${DEFAULT-VALUE}")
  int warmUp;

  @Option(
      names = "--fan-out",
      paramLabel = "N",
      defaultValue = "10000",
      description =
          "Subscriptions of the one event; a tenth as many events go to a hundredth of them each."
              + " ${DEFAULT-VALUE}")
  int fanOut;

  @Option(
      names = "--flood",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Events of the tenant that floods. ${DEFAULT-VALUE}")
  int flood;

  @Option(
      names = "--noises",
      paramLabel = "NOISE",
      split = ",",
      defaultValue = "HANG,REFUSE_CONNECTIONS,ANSWER_500,FLOOD",
      description = "What noisy neighbours do. ${DEFAULT-VALUE}")
  List<Noise> noises;

  @Option(
      names = "--retries",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Deliveries that fall due at once. ${DEFAULT-VALUE}")
  int retries;

  @Option(
      names = "--log-rows",
      paramLabel = "N",
      defaultValue = "10000000",
      description = "Rows of each log of a grown installation. ${DEFAULT-VALUE}")
  int logRows;

  @Option(
      names = "--idle-subscriptions",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Its subscriptions without events. ${DEFAULT-VALUE}")
  int idleSubscriptions;

  @Option(
      names = "--starts",
      paramLabel = "N",
      defaultValue = "10",
      description = "Starts with and without an archive of classes. ${DEFAULT-VALUE}")
  int starts;

  @Option(
      names = "--hold",
      paramLabel = "SECONDS",
      defaultValue = "180",
      description = "How long a snapshot is held. ${DEFAULT-VALUE}")
  int hold;

  @Option(
      names = "--short",
      description = "The smallest form, once: tells whether anything is lost, not how fast.")
  boolean isShort;

  /** These, or those of the short form; all faults at once where one makes no sense. */
  Sizes checked() {
    if (isShort) {
      return shortened();
    }
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put("--rounds", (double) rounds);
    numbers.put("--events", (double) events);
    numbers.put("--subscriptions", (double) subscriptions);
    numbers.put("--bare-in-flight", (double) bareInFlight);
    numbers.put("--rates", rates.stream().mapToDouble(rate -> rate).min().orElse(0));
    numbers.put("--seconds", seconds);
    numbers.put("--warm-up", (double) warmUp);
    numbers.put("--fan-out", fanOut / 100.0);
    numbers.put("--flood", (double) flood);
    numbers.put("--retries", (double) retries);
    numbers.put("--log-rows", (double) logRows);
    numbers.put("--idle-subscriptions", (double) idleSubscriptions);
    numbers.put("--starts", (double) starts);
    numbers.put("--hold", (double) hold);
    List<String> tooSmall =
        numbers.entrySet().stream().filter(n -> n.getValue() < 1).map(Map.Entry::getKey).toList();
    if (!tooSmall.isEmpty()) {
      throw new CommandMisused(
          "must be at least 1 (--fan-out 100): " + String.join(", ", tooSmall));
    }
    if (subscriptions + (long) idleSubscriptions > MOST_TENANTS) {
      throw new CommandMisused("there can be %,d subscriptions at most".formatted(MOST_TENANTS));
    }
    return this;
  }

  /** What continuous integration can afford. */
  private static Sizes shortened() {
    Sizes sizes = new Sizes();
    sizes.isShort = true;
    sizes.rounds = 1;
    sizes.events = 2_000;
    sizes.subscriptions = 50;
    sizes.bareInFlight = 64;
    sizes.answerAfter = Duration.ofMillis(5);
    sizes.rates = List.of(200);
    sizes.seconds = 1;
    sizes.warmUp = 200;
    sizes.fanOut = 300;
    sizes.flood = 1_000;
    sizes.noises = List.of(Noise.HANG);
    sizes.retries = 300;
    sizes.logRows = 2_000;
    sizes.idleSubscriptions = 500;
    sizes.starts = 1;
    sizes.hold = 1;
    return sizes;
  }
}
