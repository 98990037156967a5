package io.outboxworker.cli;

import io.outboxworker.delivery.Replay;
import io.outboxworker.delivery.Replay.Criteria;
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
      "Sends the events of finished deliveries again, as new deliveries, and prints how many.",
      "Takes those whose subscription is active and that were not replayed before."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
public final class ReplayCommand implements Runnable {

  private static final int BATCH = 1_000;
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
      names = "--status",
      defaultValue = "failed",
      description = "failed, delivered or all (default: ${DEFAULT-VALUE}).")
  private Replay.Status status;

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
    try (var database = desk.databases().apply(tenant.database())) {
      requireSubscription(database.jdbi());
      var replay = new Replay(database.jdbi());
      var criteria = new Criteria(tenant.id, subscription, since, replay.now(), status, again);
      long count = replay.count(criteria);
      desk.out().println(dryRun ? count : replay(replay, criteria, count));
    }
  }

  private long replay(Replay replay, Criteria criteria, long count) {
    long done = 0;
    long toldNanos = System.nanoTime();
    Replay.Batch batch;
    UUID from = null;
    do {
      batch = replay.replay(criteria, from, BATCH);
      from = batch.next();
      done += batch.replayed();
      if (System.nanoTime() - toldNanos > PROGRESS_EVERY.toNanos() && from != null) {
        desk.err().println("replayed " + done + " of " + count);
        toldNanos = System.nanoTime();
      }
    } while (from != null);
    return done;
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
