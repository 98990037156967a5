package io.outboxworker.cli;

import io.outboxworker.delivery.Replay;
import io.outboxworker.delivery.Replay.Criteria;
import io.outboxworker.delivery.Replaying;
import io.outboxworker.delivery.Replays;
import io.outboxworker.subscription.SubscriptionSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends the events of finished deliveries again. */
@Command(
    name = "replay",
    description = {
      "Sends the events of finished deliveries again, as new deliveries: prints how many, and",
      "waits until they are on their way.",
      "Takes those whose subscription is active and that were not replayed before."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
public final class ReplayCommand implements Runnable {

  private static final Duration STANDSTILL = Duration.ofSeconds(5);
  private static final Duration PROGRESS_EVERY = Duration.ofSeconds(2);

  @Mixin private TenantOption tenant;

  @Option(names = "--subscription", paramLabel = "ID", description = "Only of this one.")
  private @Nullable UUID subscription;

  @Option(
      names = "--since",
      required = true,
      paramLabel = "TIME",
      description = "Deliveries created since then: 2026-02-14T15:30:45Z, or 1h for an hour ago.")
  private Instant since;

  @Option(
      names = "--until",
      paramLabel = "TIME",
      description = "Deliveries created before then (default: now).")
  private @Nullable Instant until;

  @Option(
      names = "--status",
      defaultValue = "failed",
      description = {
        "failed, delivered, all, or missed: events that match a subscription now and",
        "got no delivery for it (default: ${DEFAULT-VALUE})."
      })
  private Replay.Status status;

  @Option(
      names = "--event",
      paramLabel = "E",
      description = "Only events with this name, or of this group ('invoice.*').")
  private @Nullable String event;

  @Option(names = "--again", description = "Also those that were replayed before.")
  private boolean again;

  @Option(names = "--dry-run", description = "Only print how many there are.")
  private boolean dryRun;

  private final Desk desk;

  public ReplayCommand(Desk desk) {
    this.desk = desk;
  }

  @Override
  public void run() {
    if (event != null && !SubscriptionSettings.isPattern(event)) {
      throw new CommandMisused(
          "--event must be a name like invoice.created, a group like 'invoice.*', or '*'");
    }
    try (var database = desk.databases().apply(tenant.database())) {
      requireSubscription(database.jdbi());
      var replays = new Replays(database.jdbi(), subscriptions -> {});
      var criteria = new Criteria(tenant.id, subscription, since, until, status, event, again);
      if (dryRun) {
        desk.out().println(replays.count(criteria));
        return;
      }
      var replay = replays.start(criteria);
      desk.out().println(replay.count());
      watch(replays, replay, new Replaying(database.jdbi(), subscriptions -> {}));
    }
  }

  /**
   * Takes part in the work until it is done. Where no worker delivers what was replayed it stands
   * still, and goes on by itself once there is one.
   */
  private void watch(Replays replays, Replay replay, Replaying replaying) {
    long movedNanos = System.nanoTime();
    long toldNanos = movedNanos;
    while (replay.finishedAt() == null) {
      pause(replaying.step());
      var now = replays.find(tenant.id, replay.id()).orElseThrow();
      if (now.replayed() > replay.replayed()) {
        movedNanos = System.nanoTime();
      }
      if (System.nanoTime() - movedNanos > STANDSTILL.toNanos()) {
        desk.err().println("no worker delivers them right now; the replay goes on when one does");
        return;
      }
      if (System.nanoTime() - toldNanos > PROGRESS_EVERY.toNanos()) {
        desk.err().println("replayed " + now.replayed() + " of " + now.count());
        toldNanos = System.nanoTime();
      }
      replay = now;
    }
  }

  private static void pause(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailed("interrupted; the replay goes on in the workers");
    }
  }

  private void requireSubscription(Jdbi jdbi) {
    if (subscription == null) {
      return;
    }
    var active =
        jdbi.withHandle(handle ->
            handle
                .createQuery(
                    """
                    select active from subscription
                    where id = :id and tenant_id = :tenant and deleted_at is null
                    """)
                .bind("id", subscription)
                .bind("tenant", tenant.id)
                .mapTo(Boolean.class)
                .findOne());
    if (active.isEmpty()) {
      throw new CommandFailed("this tenant has no subscription " + subscription);
    }
    if (!active.get()) {
      throw new CommandFailed("subscription " + subscription + " is not active; resume it first");
    }
  }
}
