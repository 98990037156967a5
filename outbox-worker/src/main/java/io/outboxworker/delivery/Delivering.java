package io.outboxworker.delivery;

import io.outboxworker.database.DatabaseClock;
import io.outboxworker.database.Poller;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.subscription.LiveSubscriptions;
import io.outboxworker.tracing.Tracing;
import io.outboxworker.webhook.Sender;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * The room's machinery put together: lanes, recorder, retry timer and the two loops that keep the
 * lanes supplied. Started once, closed once.
 */
public final class Delivering implements AutoCloseable {
  /**
   * What the configuration says about it.
   *
   * @param database its name among the worker's databases
   * @param disableAfter how long a subscription may fail without a success
   * @param verifyAs the source that challenges name before an endpoint's first delivery; null where
   *     endpoints need not prove that they want webhooks
   */
  public record Settings(
      String database,
      Lanes.Limits limits,
      List<Duration> retryDelays,
      Duration disableAfter,
      @Nullable String verifyAs) {}

  /**
   * What it stands on: its connections, db-scheduler's own, PostgreSQL's clock, and where spans of
   * attempts go, null where nowhere.
   */
  public record Ground(
      Jdbi jdbi, DataSource timerPool, DatabaseClock clock, @Nullable Tracing tracing) {}

  private static final Duration REFRESH = Duration.ofMillis(400);
  private static final Duration CLAIM_GATHER = Duration.ofMillis(10);
  private static final Duration CLAIM_IDLE = Duration.ofMillis(500);
  private static final Duration RECORD_LIMIT = Duration.ofSeconds(2);

  /** Results that may wait while the database is away. */
  private static final int RECORDER_RESERVE = 5_000;

  private final Deliveries deliveries;
  private final Suspects suspects;
  private final Settings settings;
  private final Recorder recorder;
  private final Attempts attempts;
  private final Lanes lanes;
  private final RetryTimer timer;
  private final Poller claimer;
  private final Poller refresher;
  private final Metrics metrics;
  private volatile boolean moreSuspects;
  private boolean cut;

  public Delivering(
      Ground ground,
      LiveSubscriptions subscriptions,
      Deliveries deliveries,
      Sender sender,
      Settings settings,
      Metrics metrics) {
    this.deliveries = deliveries;
    this.suspects = new Suspects(ground.jdbi, deliveries);
    this.settings = settings;
    this.metrics = metrics;
    this.recorder =
        new Recorder(
            new Recording(ground.jdbi, ground.clock, settings.disableAfter),
            new Tally(metrics, this::nextInOrder, this::retryIn),
            settings.limits.maxInFlight() + RECORDER_RESERVE);
    this.attempts =
        new Attempts(
            new Attempts.Wire(
                sender,
                settings.verifyAs == null
                    ? null
                    : new EndpointChallenge(sender, subscriptions, settings.verifyAs),
                ground.tracing),
            new RetrySchedule(settings.retryDelays),
            recorder,
            ground.clock,
            metrics);
    this.claimer = new Poller("claimer", this::claimParked);
    this.lanes = new Lanes(settings.limits, subscriptions, attempts, recorder, claimer::wake);
    var dueRetries = new DueRetries(ground.jdbi, deliveries, settings.limits.attemptTimeout());
    this.timer = new RetryTimer(ground.timerPool, ground.clock, dueRetries, lanes, metrics);
    this.refresher = new Poller("refresher", this::refresh);
  }

  /** Where fan-out and upkeep hand in what they found. */
  public Lanes lanes() {
    return lanes;
  }

  /** Begins to make attempts. */
  public void start() {
    recorder.start();
    refresher.start();
    timer.start();
    claimer.start();
  }

  /** Claims the oldest suspect, if this worker has none on trial. */
  public void claimSuspect() {
    synchronized (suspects) {
      Optional<List<Claim>> outlived = lanes.roomForSuspect();
      if (outlived.isPresent()) {
        Optional<Claim> suspect = suspects.claim(outlived.get());
        moreSuspects = suspect.isPresent();
        suspect.ifPresent(claim -> lanes.offer(List.of(claim)));
      }
    }
  }

  /** Starts no attempt any more, and unstarted claims go back. Waits for nothing. */
  public void stopStarting() {
    lanes.stop();
  }

  /** The same, and claims nothing any more. */
  public void stopTaking() {
    stopStarting();
    claimer.close();
    timer.close();
  }

  /** Lets running attempts end within {@code limit} and writes what they saw; true if all did. */
  public boolean awaitDrained(Duration limit) throws InterruptedException {
    boolean finished = lanes.awaitIdle(limit);
    boolean recorded = recorder.awaitEmpty(RECORD_LIMIT);
    return finished && recorded;
  }

  @Override
  public void close() {
    claimer.close();
    refresher.close();
    timer.close();
    recorder.close();
  }

  private Duration claimParked() throws InterruptedException {
    if (cut) {
      // More waits than there is room for: one claim for what becomes free in a while.
      Thread.sleep(CLAIM_GATHER);
    }
    if (moreSuspects) {
      claimSuspect();
    }
    Duration pause = lanes.keepPace(CLAIM_IDLE);
    if (cut && !lanes.awaitRoom(Duration.ZERO)) {
      // What is held lasts for a while: a larger claim later costs less.
      return Duration.ZERO;
    }
    Wanted wanted = lanes.wantedParked();
    cut = wanted.cut();
    if (wanted.isEmpty()) {
      return cut ? Duration.ZERO : pause;
    }
    lanes.offerParked(wanted, deliveries.claimParked(wanted.rooms()));
    return Duration.ZERO;
  }

  /** The next delivery of an ordered subscription may go as soon as the one before is recorded. */
  private void nextInOrder(Set<UUID> subscriptionIds) {
    lanes.noteParked(subscriptionIds);
  }

  private void retryIn(Duration delay) {
    timer.set(delay);
  }

  private Duration refresh() {
    lanes.refresh();
    metrics.databases().inFlight(settings.database, lanes.running());
    return REFRESH;
  }
}
