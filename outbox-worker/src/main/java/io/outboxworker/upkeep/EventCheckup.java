package io.outboxworker.upkeep;

import static io.outboxworker.upkeep.Finding.note;
import static io.outboxworker.upkeep.Finding.ok;
import static io.outboxworker.upkeep.Finding.problem;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Answers why one tenant does not get one event: no subscription, an inactive one, a name in other
 * case, a refused URL, an endpoint that fails, or an event that was never committed.
 */
public final class EventCheckup {
  private final Trail trail;
  private final Function<String, List<String>> urlFaults;

  /**
   * @param urlFaults everything that is wrong with a URL as an endpoint
   */
  public EventCheckup(Jdbi jdbi, Function<String, List<String>> urlFaults) {
    this.trail = new Trail(jdbi);
    this.urlFaults = urlFaults;
  }

  /** What stands between this event and the tenant's endpoints. */
  public List<Finding> findings(UUID tenantId, String event) {
    List<Finding> findings = new ArrayList<>();
    if (event.length() > 100 || !event.matches("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)+")) {
      findings.add(
          problem(
              "event",
              "\"%s\" can't be the name of an event".formatted(event),
              "names have a dot, like invoice.created, and at most 100 of A-Z a-z 0-9 _ - ."));
      return findings;
    }
    List<Trail.Candidate> all = trail.candidates(tenantId, event);
    List<Trail.Candidate> matching = all.stream().filter(Trail.Candidate::matches).toList();
    subscriptions(tenantId, event, all, matching, findings);
    Trail.Latest latest = committed(tenantId, event, findings);
    for (Trail.Candidate subscription : matching) {
      if (subscription.active()) {
        endpoint(tenantId, event, subscription, latest, findings);
      }
    }
    return findings;
  }

  private void subscriptions(
      UUID tenantId,
      String event,
      List<Trail.Candidate> all,
      List<Trail.Candidate> matching,
      List<Finding> findings) {
    for (Trail.Candidate subscription : matching) {
      if (!subscription.active()) {
        findings.add(
            problem(
                "subscription",
                "%s wants %s and is inactive (%s)"
                    .formatted(
                        subscription.id(),
                        subscription.event(),
                        subscription.disabledReason() == null
                            ? "paused"
                            : "disabled: " + subscription.disabledReason()),
                "outbox subscription resume %s --tenant %s; then the missed ones: a replay of the API"
                        .formatted(subscription.id(), tenantId)
                    + " with status missed"));
      }
    }
    if (!matching.isEmpty()) {
      return;
    }
    for (Trail.Candidate near : all) {
      if (near.matchesInOtherCase()) {
        findings.add(
            problem(
                "subscription",
                "%s wants \"%s\": names are compared byte for byte, and \"%s\" is another"
                    .formatted(near.id(), near.event(), event),
                "change the subscription's event, or the name that the producer inserts"));
      }
    }
    String others =
        all.isEmpty()
            ? "the tenant has no subscription at all"
            : "none of the tenant's %d subscriptions wants %s".formatted(all.size(), event);
    findings.add(
        problem(
            "subscription",
            others,
            "outbox subscription add --tenant %s --event %s --url https://…; is it the right tenant?"
                .formatted(tenantId, event)));
  }

  private void endpoint(
      UUID tenantId,
      String event,
      Trail.Candidate subscription,
      Trail.@Nullable Latest latest,
      List<Finding> findings) {
    List<String> refused = urlFaults.apply(subscription.url());
    refused.forEach(fault ->
        findings.add(
            problem(
                "endpoint",
                "the URL of %s is refused: %s".formatted(subscription.id(), fault),
                "change the URL, or open the address for the workers: OUTBOX_ALLOW_HTTP,"
                    + " OUTBOX_ALLOWED_NETWORKS, OUTBOX_ALLOWED_PORTS")));
    if (latest != null && latest.occurredAt().isBefore(subscription.createdAt())) {
      findings.add(
          problem(
              "subscription",
              "%s was made at %s, after the latest event (%s)"
                  .formatted(subscription.id(), subscription.createdAt(), latest.occurredAt()),
              "a replay of the API with status missed sends earlier events"));
    }
    long waiting = trail.waiting(subscription.id());
    if (waiting > 0) {
      findings.add(
          note(
              "deliveries",
              "%d of %s wait: for a retry, or for room in its lane"
                  .formatted(waiting, subscription.id())));
    }
    String last = trail.lastDelivery(tenantId, event, subscription.id());
    if (last == null) {
      findings.add(note("deliveries", "%s had none within 7 days".formatted(subscription.id())));
    } else if (last.startsWith("failed")) {
      findings.add(
          problem(
              "deliveries",
              "the last one of %s %s".formatted(subscription.id(), last),
              "outbox deliveries --tenant %s --status failed shows all, outbox replay sends them again"
                  .formatted(tenantId)));
    } else if (refused.isEmpty()) {
      findings.add(
          ok("deliveries", "the last one of %s was %s".formatted(subscription.id(), last)));
    }
  }

  /** The latest such event of the last day, and what is to be said of it. */
  private Trail.@Nullable Latest committed(UUID tenantId, String event, List<Finding> findings) {
    long inOutbox = trail.inOutbox(tenantId, event);
    if (inOutbox > 0) {
      findings.add(
          problem(
              "event",
              "%d are committed and still in the outbox".formatted(inOutbox),
              "if that lasts for more than a second no worker takes them: see `workers`"));
    }
    List<Trail.Latest> recent;
    try {
      recent = trail.recent(tenantId, event);
    } catch (JdbiException e) {
      findings.add(note("event", "the log is too large to look for the event in it"));
      return null;
    }
    Trail.Latest same =
        recent.stream().filter(e -> e.event().equals(event)).findFirst().orElse(null);
    if (same != null) {
      findings.add(ok("event", "the latest is of %s".formatted(same.occurredAt())));
    } else if (inOutbox == 0 && recent.isEmpty()) {
      findings.add(
          problem(
              "event",
              "none was committed within a day",
              "did the producer's transaction commit, with this tenant_id, in this database?"));
    } else if (inOutbox == 0) {
      findings.add(
          problem(
              "event",
              "the producer inserts \"%s\", not \"%s\"".formatted(recent.get(0).event(), event),
              "names are compared byte for byte: change the one or the other"));
    }
    return same;
  }
}
