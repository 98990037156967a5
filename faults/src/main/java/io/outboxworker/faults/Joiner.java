package io.outboxworker.faults;

import io.outboxworker.faults.Entry.State;
import io.outboxworker.faults.Tables.Finished;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Joins what the writer knows, what the receivers saw and what the tables say into a {@link
 * Report}. Pure: the same journals give the same report.
 */
final class Joiner {
  /** After its commit an event is fanned out within this time, if a worker lives. */
  private static final long FAN_OUT_MILLIS = 10_000;

  /** A POST may start as late as this after its subscription became inactive, and then travels. */
  private static final long OBEDIENCE_MILLIS = 1_500;

  private static final int EXAMPLES = 10;

  private final Map<UUID, Entry> ledger = new HashMap<>();
  private final Map<UUID, List<Receipt>> receipts;
  private final Tables tables;
  private final boolean forgetful;
  private final Map<UUID, Subscriber> subscribers = new HashMap<>();
  private final Map<UUID, Finished> finished = new HashMap<>();
  private final List<String> examples = new ArrayList<>();
  private int required;
  private int lost;
  private int ghosts;
  private int altered;
  private int duplicated;
  private int mostPosts;
  private int mostExtra;
  private int inDoubt;

  private Joiner(
      List<Entry> entries,
      List<Receipt> receipts,
      Tables tables,
      List<Subscriber> subscribers,
      boolean forgetful) {
    entries.forEach(entry -> ledger.put(entry.id(), entry));
    this.forgetful = forgetful;
    this.receipts = receipts.stream().collect(Collectors.groupingBy(Receipt::delivery));
    this.tables = tables;
    subscribers.forEach(subscriber -> this.subscribers.put(subscriber.id(), subscriber));
    tables.finished().forEach(delivery -> finished.put(delivery.id(), delivery));
  }

  /**
   * Joins one run.
   *
   * @param forgetful whether PostgreSQL may have forgotten the worker's last commits in a crash:
   *     then a POST of a delivery that is nowhere is a duplicate of the event's delivery to the
   *     same subscription
   */
  static Report join(
      List<Entry> entries,
      List<Receipt> receipts,
      Tables tables,
      List<Subscriber> subscribers,
      boolean forgetful) {
    Joiner joiner = new Joiner(entries, receipts, tables, subscribers, forgetful);
    joiner.adoptForgotten();
    joiner.joinEvents();
    joiner.joinDeliveries();
    joiner.receipts.forEach(joiner::joinPosts);
    return joiner.report();
  }

  private void adoptForgotten() {
    if (!forgetful) {
      return;
    }
    Map<UUID, List<Finished>> byEvent =
        tables.finished().stream().collect(Collectors.groupingBy(Finished::event));
    Map<UUID, List<Receipt>> posted = Map.copyOf(receipts);
    posted.forEach((forgotten, posts) -> {
      if (!finished.containsKey(forgotten)) {
        byEvent.getOrDefault(posts.get(0).event(), List.of()).stream()
            .filter(delivery -> leadsTo(delivery, posts.get(0).path()))
            .findFirst()
            .ifPresent(heir -> {
              receipts.remove(forgotten);
              receipts.computeIfAbsent(heir.id(), id -> new ArrayList<>()).addAll(posts);
            });
      }
    });
  }

  private boolean leadsTo(Finished delivery, String path) {
    @Nullable Subscriber subscriber = subscribers.get(delivery.subscription());
    return subscriber != null && subscriber.everLedTo(path);
  }

  private void joinEvents() {
    Set<UUID> logged = tables.events().keySet();
    Map<UUID, Set<UUID>> subscriptionsOf = new HashMap<>();
    for (Finished delivery : tables.finished()) {
      if (!subscriptionsOf
          .computeIfAbsent(delivery.event(), id -> new HashSet<>())
          .add(delivery.subscription())) {
        ghost("event %s has two deliveries for one subscription".formatted(delivery.event()));
      }
    }
    for (Entry entry : ledger.values()) {
      inDoubt += entry.state() == State.IN_DOUBT ? 1 : 0;
      if (entry.state() == State.ROLLED_BACK) {
        if (logged.contains(entry.id())) {
          ghost("event %s was rolled back and is in the log".formatted(entry.id()));
        }
      } else if (logged.contains(entry.id())) {
        joinEvent(entry, subscriptionsOf.getOrDefault(entry.id(), Set.of()));
      } else if (entry.state() == State.COMMITTED && tables.waitingEvents() == 0) {
        lost("event %s was committed and is nowhere".formatted(entry.id()));
      }
    }
    logged.stream()
        .filter(id -> !ledger.containsKey(id))
        .forEach(id -> ghost("event %s is in the log and was never written".formatted(id)));
  }

  private void joinEvent(Entry entry, Set<UUID> made) {
    if (!entry.dataHash().equals(tables.events().get(entry.id()))) {
      altered("event %s has other data in the log".formatted(entry.id()));
    }
    for (Subscriber subscriber : subscribers.values()) {
      if (subscriber.tenant().equals(entry.tenant())
          && subscriber.surelyActive(entry.begun(), entry.settled() + FAN_OUT_MILLIS)) {
        required++;
        if (!made.contains(subscriber.id()) && tables.waitingDeliveries().isEmpty()) {
          lost(
              "event %s has no delivery for subscription %s"
                  .formatted(entry.id(), subscriber.id()));
        }
      }
    }
  }

  private void joinDeliveries() {
    for (Finished delivery : tables.finished()) {
      boolean received =
          receipts.getOrDefault(delivery.id(), List.of()).stream()
              .anyMatch(receipt -> receipt.accepted() && receipt.genuine());
      if (delivery.delivered() && !received) {
        lost(
            "delivery %s is called delivered, and no receiver accepted it"
                .formatted(delivery.id()));
      }
    }
  }

  private void joinPosts(UUID posted, List<Receipt> posts) {
    Receipt first = posts.get(0);
    Entry entry = ledger.get(first.event());
    Finished delivery = finished.get(posted);
    if (entry == null || entry.state() == State.ROLLED_BACK) {
      ghost("POST of event %s, which was never committed".formatted(first.event()));
      return;
    }
    if (delivery == null) {
      if (!tables.waitingDeliveries().contains(posted)) {
        ghost("POST of delivery %s, which is nowhere".formatted(posted));
      }
      return;
    }
    posts.forEach(post -> check(post, entry, delivery, first));
    int extra = posts.size() - delivery.attempts();
    mostPosts = Math.max(mostPosts, posts.size());
    mostExtra = Math.max(mostExtra, extra);
    duplicated += extra > 0 ? 1 : 0;
    if (extra > 1) {
      example(
          "delivery %s: %d POSTs, %d attempts"
              .formatted(delivery.id(), posts.size(), delivery.attempts()));
    }
  }

  private void check(Receipt post, Entry entry, Finished delivery, Receipt first) {
    @Nullable Subscriber subscriber = subscribers.get(delivery.subscription());
    if (subscriber == null
        || !subscriber.tenant().equals(entry.tenant())
        || !subscriber.everLedTo(post.path())) {
      ghost("POST of event %s to %s, which is another's".formatted(post.event(), post.path()));
      return;
    }
    if (!subscriber.mayBeActive(post.at(), OBEDIENCE_MILLIS)) {
      ghost("POST of delivery %s to an inactive subscription".formatted(post.delivery()));
    }
    if (!subscriber.mayLeadTo(post.path(), post.at(), OBEDIENCE_MILLIS)) {
      ghost("POST of delivery %s to the address of before".formatted(post.delivery()));
    }
    if (!post.genuine()) {
      altered("POST of delivery %s with a wrong signature".formatted(post.delivery()));
    }
    if (!post.event().equals(delivery.event())
        || !post.bodyHash().equals(first.bodyHash())
        || !post.dataHash().equals(entry.dataHash())) {
      altered("POST of delivery %s with another body".formatted(post.delivery()));
    }
  }

  private Report report() {
    long delivered = tables.finished().stream().filter(Finished::delivered).count();
    return new Report(
        required,
        (int) delivered,
        tables.finished().size() - (int) delivered,
        lost,
        ghosts,
        altered,
        duplicated,
        mostPosts,
        mostExtra,
        inDoubt,
        (int) tables.waitingEvents() + tables.waitingDeliveries().size() + (int) tables.timers(),
        List.copyOf(examples));
  }

  private void lost(String example) {
    lost++;
    example("lost: " + example);
  }

  private void ghost(String example) {
    ghosts++;
    example("ghost: " + example);
  }

  private void altered(String example) {
    altered++;
    example("altered: " + example);
  }

  private void example(String text) {
    if (examples.size() < EXAMPLES) {
      examples.add(text);
    }
  }
}
