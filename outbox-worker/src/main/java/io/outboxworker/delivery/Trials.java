package io.outboxworker.delivery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The suspects that this worker holds, and how they get on. One is on trial at a time, so that only
 * one is to blame if the worker dies. Guarded by the lock of {@link Lanes}.
 */
final class Trials {
  /** What kills a worker does so while it is read, signed and sent, and not while it waits. */
  private static final Duration LENGTH = Duration.ofSeconds(1);

  private record Trial(Claim claim, boolean sent, long sinceNanos) {}

  private final Map<UUID, Trial> trials = new HashMap<>();
  private final List<Claim> answered = new ArrayList<>();

  void took(Claim claim) {
    note(claim, false);
  }

  void started(Claim claim) {
    note(claim, true);
  }

  private void note(Claim claim, boolean sent) {
    if (claim.suspect()) {
      trials.put(claim.id(), new Trial(claim, sent, System.nanoTime()));
    }
  }

  /** Its attempt ended, and the worker is still there. */
  void answered(Claim claim) {
    if (claim.suspect()) {
      answered.add(claim);
    }
  }

  void letGo(Claim claim) {
    trials.remove(claim.id());
  }

  /**
   * Empty while one is on trial: the next must not wait for one that hangs, but for one that may
   * still show what it does. Else those that have outlived their trials; the answered ones of them
   * are named once.
   */
  Optional<List<Claim>> outlived() {
    long now = System.nanoTime();
    if (trials.values().stream().anyMatch(t -> now - t.sinceNanos < LENGTH.toNanos())) {
      return Optional.empty();
    }
    List<Claim> outlived = new ArrayList<>(answered);
    answered.clear();
    trials.values().stream().filter(Trial::sent).map(Trial::claim).forEach(outlived::add);
    return Optional.of(outlived);
  }
}
