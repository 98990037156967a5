package io.outboxworker.benchmarks;

import io.outboxworker.benchmarks.contestant.Contestant;
import io.outboxworker.benchmarks.contestant.DbScheduler;
import io.outboxworker.benchmarks.contestant.Gruelbox;
import io.outboxworker.benchmarks.contestant.Node;
import io.outboxworker.benchmarks.contestant.NodePeer;
import io.outboxworker.cli.CommandMisused;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The peers that are to be measured beside the worker. */
final class Entrants {
  private Entrants() {}

  /** Those with these names; what can't run on this machine is left out, with a word. */
  static List<Contestant> named(List<String> names, Consumer<String> word)
      throws InterruptedException {
    List<Contestant> onJvm = List.of(new DbScheduler(), new Gruelbox());
    List<Contestant> onNode = List.of(NodePeer.graphileWorker(), NodePeer.pgBoss());
    List<String> known =
        Stream.concat(onJvm.stream(), onNode.stream()).map(Contestant::name).toList();
    List<String> unknown =
        names.stream().filter(name -> !known.contains(name) && !name.equals("all")).toList();
    if (!unknown.isEmpty()) {
      throw new CommandMisused("no such peer: %s; there are %s".formatted(unknown, known));
    }
    List<Contestant> entrants = new ArrayList<>(wanted(onJvm, names));
    List<Contestant> node = wanted(onNode, names);
    String missing = node.isEmpty() ? "" : Node.missing();
    if (missing.isEmpty()) {
      entrants.addAll(node);
    } else {
      node.forEach(peer -> word.accept("%s is left out: %s".formatted(peer.name(), missing)));
    }
    return entrants;
  }

  private static List<Contestant> wanted(List<Contestant> all, List<String> names) {
    return all.stream()
        .filter(peer -> names.contains("all") || names.contains(peer.name()))
        .toList();
  }
}
