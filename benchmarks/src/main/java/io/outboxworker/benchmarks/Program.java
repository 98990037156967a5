package io.outboxworker.benchmarks;

import io.outboxworker.benchmarks.contestant.Audience;
import io.outboxworker.benchmarks.contestant.Contestant;
import io.outboxworker.benchmarks.contestant.OutboxWorker;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.benchmarks.scenario.Drain;
import io.outboxworker.benchmarks.scenario.FanOut;
import io.outboxworker.benchmarks.scenario.Growth;
import io.outboxworker.benchmarks.scenario.HeldSnapshot;
import io.outboxworker.benchmarks.scenario.Idle;
import io.outboxworker.benchmarks.scenario.NoisyNeighbours;
import io.outboxworker.benchmarks.scenario.ProducersCost;
import io.outboxworker.benchmarks.scenario.RetryStorm;
import io.outboxworker.benchmarks.scenario.Scenario;
import io.outboxworker.benchmarks.scenario.Start;
import io.outboxworker.benchmarks.scenario.Steady;
import io.outboxworker.benchmarks.scenario.Timing;
import io.outboxworker.cli.CommandMisused;
import io.outboxworker.subscription.DurationText;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What is measured, in which order, and what has to be said about it. */
final class Program {
  private static final int RATE = 1_000;
  private static final List<Integer> CONNECTIONS = List.of(1, 2, 4, 8, 16, 32);

  /** Everything in which a delivery could get lost in another way. */
  private static final List<String> SHORT =
      List.of("drain", "steady", "fan-out", "noisy-neighbours", "retry-storm");

  private final Sizes sizes;
  private final List<Contestant> contestants;

  Program(Sizes sizes, List<Contestant> peers) {
    this.sizes = sizes;
    this.contestants = new ArrayList<>(List.of(new OutboxWorker()));
    contestants.addAll(peers);
  }

  /**
   * The scenarios with these names, in the order of the program; without names those that are
   * usual.
   */
  List<Scenario> scenarios(List<String> wanted) {
    Map<String, Supplier<Scenario>> all = all();
    List<String> unknown =
        wanted.stream().filter(name -> !all.containsKey(name) && !name.equals("all")).toList();
    if (!unknown.isEmpty()) {
      throw new CommandMisused(
          "no such scenario: %s; there are %s".formatted(unknown, all.keySet()));
    }
    List<String> names = !wanted.isEmpty() ? wanted : sizes.isShort ? SHORT : List.of("drain");
    return all.entrySet().stream()
        .filter(entry -> names.contains("all") || names.contains(entry.getKey()))
        .map(entry -> entry.getValue().get())
        .toList();
  }

  private Map<String, Supplier<Scenario>> all() {
    Audience audience = new Audience(sizes.subscriptions, 1);
    Timing timing = new Timing(sizes.warmUp, sizes.seconds);
    int rate = sizes.isShort ? sizes.rates.get(0) : RATE;
    Map<String, Supplier<Scenario>> all = new LinkedHashMap<>();
    all.put("drain", () -> new Drain(contestants, audience, sizes.events, sizes.bareInFlight));
    all.put("start", () -> new Start(new Audience(1, 1), sizes.starts));
    all.put("steady", () -> new Steady(contestants, audience, sizes.rates, timing));
    all.put("fan-out", () -> new FanOut(sizes.fanOut, sizes.fanOut / 10, sizes.fanOut / 100));
    all.put(
        "noisy-neighbours",
        () -> new NoisyNeighbours(sizes.noises, audience, rate, sizes.flood, timing));
    all.put("retry-storm", () -> new RetryStorm(audience, sizes.retries, sizes.warmUp));
    all.put(
        "growth",
        () -> new Growth(audience, sizes.events, sizes.logRows, sizes.idleSubscriptions, timing));
    all.put("held-snapshot", () -> new HeldSnapshot(audience, rate, sizes.hold, timing));
    all.put(
        "producers-cost",
        () -> new ProducersCost(sizes.isShort ? List.of(2) : CONNECTIONS, sizes.seconds / 4));
    all.put(
        "idle",
        () -> new Idle(audience, sizes.warmUp, Duration.ofMillis((long) (sizes.seconds * 1000))));
    return all;
  }

  /** Machine, versions and settings. */
  Map<String, String> about(Ground ground) throws IOException, SQLException {
    Map<String, String> about = new LinkedHashMap<>();
    about.put("machine", Machine.describe());
    about.put("Java", Runtime.version().toString());
    about.put("PostgreSQL", ground.version());
    about.put("its settings", ground.settings().toString());
    about.put("endpoints answer after", DurationText.write(sizes.answerAfter));
    for (Contestant contestant : contestants) {
      about.put(contestant.name(), contestant.settings());
    }
    return about;
  }
}
