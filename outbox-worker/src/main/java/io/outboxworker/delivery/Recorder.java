package io.outboxworker.delivery;

import io.outboxworker.database.Poller;
import io.outboxworker.database.SqlFault;
import io.outboxworker.delivery.Result.Attempted;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects results and writes them in batches. A batch that the database cannot take now is tried
 * again until it can; a result that it will not take because of its texts is written without them.
 * Thread-safe.
 */
final class Recorder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Recorder.class);
  private static final int BATCH = 500;
  private static final Duration GATHER = Duration.ofMillis(3);
  private static final Comparator<Result> BY_ID = Comparator.comparing(r -> r.claim().id());

  private final Recording recording;
  private final Metrics metrics;
  private final int capacity;
  private final Consumer<Set<UUID>> orderedRecorded;
  private final Poller poller;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition emptied = lock.newCondition();
  private final Deque<Result> waiting = new ArrayDeque<>();
  private List<Result> writing = List.of();

  /** Those of the batch that were written before the rest of it failed. */
  private final Set<Result> written = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Whether the present batch was tried before, so that its COMMIT may have gone through. */
  private boolean inDoubt;

  /**
   * @param capacity how many results may wait before no attempt starts any more
   * @param orderedRecorded is told the ordered subscriptions of which a result was committed
   */
  Recorder(
      Recording recording, Metrics metrics, int capacity, Consumer<Set<UUID>> orderedRecorded) {
    this.orderedRecorded = orderedRecorded;
    this.recording = recording;
    this.metrics = metrics;
    this.capacity = capacity;
    this.poller = new Poller("recorder", this::writeBatch);
  }

  void start() {
    poller.start();
  }

  /** Takes a result; never blocks and never refuses, since the attempt was made. */
  void add(Result result) {
    boolean first;
    lock.lock();
    try {
      first = waiting.isEmpty();
      waiting.add(result);
    } finally {
      lock.unlock();
    }
    if (first) {
      poller.wake();
    }
  }

  /** Whether there is room for the results of more attempts. */
  boolean hasRoom() {
    lock.lock();
    try {
      return waiting.size() + writing.size() < capacity;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until everything is written; false where that took longer than {@code limit}. */
  boolean awaitEmpty(Duration limit) throws InterruptedException {
    long nanos = limit.toNanos();
    lock.lock();
    try {
      while (!waiting.isEmpty() || !writing.isEmpty()) {
        if (nanos <= 0) {
          return false;
        }
        nanos = emptied.awaitNanos(nanos);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    poller.close();
  }

  private Duration writeBatch() throws InterruptedException {
    List<Result> batch = nextBatch();
    if (batch.isEmpty()) {
      return Duration.ofSeconds(1);
    }
    write(batch);
    inDoubt = false;
    lock.lock();
    try {
      writing = List.of();
      if (waiting.isEmpty()) {
        emptied.signalAll();
        return Duration.ofSeconds(1);
      }
      return Duration.ZERO;
    } finally {
      lock.unlock();
    }
  }

  /**
   * After a failure what is left of the same batch, so that nothing that was added is forgotten.
   */
  private List<Result> nextBatch() throws InterruptedException {
    gather();
    lock.lock();
    try {
      if (writing.isEmpty()) {
        List<Result> batch = new ArrayList<>(Math.min(BATCH, waiting.size()));
        while (batch.size() < BATCH && !waiting.isEmpty()) {
          batch.add(waiting.remove());
        }
        batch.sort(BY_ID);
        writing = batch;
      } else {
        writing = writing.stream().filter(result -> !written.contains(result)).toList();
      }
      written.clear();
      return writing;
    } finally {
      lock.unlock();
    }
  }

  /** A few milliseconds make one statement of what would be many. */
  private void gather() throws InterruptedException {
    if (size() > 0 && size() < BATCH) {
      TimeUnit.NANOSECONDS.sleep(GATHER.toNanos());
    }
  }

  private int size() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  private void write(List<Result> batch) {
    try {
      count(batch, recording.record(batch, true, inDoubt));
    } catch (RuntimeException e) {
      if (SqlFault.isOfDatabase(e)) {
        inDoubt = true;
        throw e;
      }
      writeInHalves(batch, e);
    }
  }

  private void writeInHalves(List<Result> batch, RuntimeException fault) {
    if (batch.size() == 1) {
      log.atError()
          .addKeyValue("delivery_id", batch.get(0).claim().id())
          .addKeyValue("error", SqlFault.describe(fault))
          .log("result recorded without its texts");
      writeWithoutTexts(batch);
      return;
    }
    int middle = batch.size() / 2;
    write(batch.subList(0, middle));
    write(batch.subList(middle, batch.size()));
  }

  /**
   * A result that cannot be written even so is dropped, and its lease heals it; others must not
   * wait for it.
   */
  private void writeWithoutTexts(List<Result> one) {
    try {
      count(one, recording.record(one, false, inDoubt));
    } catch (RuntimeException e) {
      if (SqlFault.isOfDatabase(e)) {
        inDoubt = true;
        throw e;
      }
      metrics.leasesLost(1);
      log.atError()
          .addKeyValue("delivery_id", one.get(0).claim().id())
          .addKeyValue("error", SqlFault.describe(e))
          .log("result cannot be recorded, dropped");
    }
  }

  private void count(List<Result> batch, Recording.Recorded recorded) {
    written.addAll(batch);
    int lost = 0;
    Set<UUID> ordered = new HashSet<>();
    for (Result result : batch) {
      if (!recorded.deliveries().contains(result.claim().id())) {
        lost++;
        tellLost(result);
      } else if (result instanceof Attempted attempted) {
        countFinal(attempted);
        if (attempted.subscription().ordered()) {
          ordered.add(attempted.claim().subscriptionId());
        }
      }
    }
    if (!ordered.isEmpty()) {
      orderedRecorded.accept(ordered);
    }
    if (lost > 0) {
      metrics.leasesLost(lost);
    }
    for (var subscriptionId : recorded.disabledSubscriptions()) {
      metrics.subscriptionDisabled();
      log.atWarn().addKeyValue("subscription_id", subscriptionId).log("subscription disabled");
    }
  }

  private void countFinal(Attempted result) {
    Message message = result.claim().message();
    switch (result.verdict()) {
      case Verdict.Delivered delivered -> {
        metrics.delivered(message.event(), message.tenantId());
        tell(result, "delivered");
      }
      case Verdict.Failed failed -> {
        metrics.failed(message.event(), message.tenantId());
        if (result.outcome() instanceof Outcome.Blocked) {
          metrics.targetBlocked();
        }
        tell(result, "failed");
      }
      case Verdict.RetryIn again -> {
        metrics.retried(message.event(), message.tenantId(), again.reason());
        tell(result, "retrying");
      }
    }
  }

  private static void tell(Attempted result, String status) {
    var line = status.equals("delivered") ? log.atDebug() : log.atInfo();
    Message message = result.claim().message();
    line.addKeyValue("status", status)
        .addKeyValue("event", message.event())
        .addKeyValue("event_id", message.eventId())
        .addKeyValue("delivery_id", result.claim().id())
        .addKeyValue("subscription_id", result.claim().subscriptionId())
        .addKeyValue("tenant_id", message.tenantId())
        .addKeyValue("attempt", result.claim().attempt())
        .addKeyValue("ms", result.outcome().took().toMillis())
        .addKeyValue("error", result.error())
        .log("attempt");
  }

  private static void tellLost(Result result) {
    log.atWarn()
        .addKeyValue("delivery_id", result.claim().id())
        .addKeyValue("attempt", result.claim().attempt())
        .log("lease lost, result dropped");
  }
}
