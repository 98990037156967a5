package io.outboxworker.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A subscription to all events of a tenant, with what the run did to it. Thread-safe.
 *
 * @param paths where it leads to, and when it did
 * @param active when it wanted events
 * @param secrets what its POSTs may be signed with, and when
 */
record Subscriber(
    UUID id, UUID tenant, List<Phase> paths, List<Phase> active, List<Phase> secrets) {
  /** A value that held for a time. */
  record Phase(String value, Span span) {}

  /** What changes. */
  enum Aspect {
    PATH,
    ACTIVE,
    SECRET
  }

  /** One that nothing happens to. */
  static Subscriber steady(UUID id, UUID tenant, String path, String secret) {
    return new Subscriber(
        id,
        tenant,
        List.of(new Phase(path, Span.ALWAYS)),
        List.of(new Phase("active", Span.ALWAYS)),
        List.of(new Phase(secret, Span.ALWAYS)));
  }

  /** One that the run is going to change. */
  static Subscriber changing(UUID id, UUID tenant) {
    return new Subscriber(id, tenant, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
  }

  /** From a commit between these moments on it is so. */
  synchronized void begin(Aspect aspect, String value, long maybeFrom, long surelyFrom) {
    phases(aspect).add(new Phase(value, Span.since(maybeFrom, surelyFrom)));
  }

  /** The last phase ended by a commit between these moments. */
  synchronized void end(Aspect aspect, long surelyUntil, long maybeUntil) {
    List<Phase> phases = phases(aspect);
    Phase last = phases.remove(phases.size() - 1);
    phases.add(new Phase(last.value, last.span.until(surelyUntil, maybeUntil)));
  }

  synchronized boolean surelyActive(long from, long to) {
    return active.stream().anyMatch(phase -> phase.span.surelyCovers(from, to));
  }

  synchronized boolean mayBeActive(long at, long grace) {
    return active.stream().anyMatch(phase -> phase.span.mayHold(at, grace));
  }

  synchronized boolean mayLeadTo(String path, long at, long grace) {
    return paths.stream()
        .anyMatch(phase -> phase.value.equals(path) && phase.span.mayHold(at, grace));
  }

  synchronized boolean everLedTo(String path) {
    return paths.stream().anyMatch(phase -> phase.value.equals(path));
  }

  synchronized List<String> secretsAt(long at, long grace) {
    return secrets.stream()
        .filter(phase -> phase.span.mayHold(at, grace))
        .map(Phase::value)
        .toList();
  }

  private List<Phase> phases(Aspect aspect) {
    return switch (aspect) {
      case PATH -> paths;
      case ACTIVE -> active;
      case SECRET -> secrets;
    };
  }
}
