package io.outboxworker.delivery;

import io.outboxworker.database.Poller;
import io.outboxworker.database.SqlFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
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
  private static final long MAX_BYTES = 32L * 1024 * 1024;
  private static final Duration GATHER = Duration.ofMillis(3);
  private static final Comparator<Result> BY_ID = Comparator.comparing(r -> r.claim().id());

  private final Recording recording;
  private final Tally tally;
  private final int capacity;
  private final Poller poller;
  private final Queue<Result> waiting = new ConcurrentLinkedQueue<>();

  /** What was added and is not written: waiting, about to be added, or in the batch. */
  private final AtomicInteger unwritten = new AtomicInteger();

  /** Of bodies and answers in them: a server that hangs must not fill the memory with them. */
  private final AtomicLong unwrittenBytes = new AtomicLong();

  private List<Result> writing = List.of();

  /** Those of the batch that were written before the rest of it failed. */
  private final Set<Result> written = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Whether the present batch was tried before, so that its COMMIT may have gone through. */
  private boolean inDoubt;

  /**
   * @param tally is told what became of each batch once it is committed
   * @param capacity how many results may wait before no attempt starts any more
   */
  Recorder(Recording recording, Tally tally, int capacity) {
    this.recording = recording;
    this.tally = tally;
    this.capacity = capacity;
    this.poller = new Poller("recorder", this::writeBatch);
  }

  void start() {
    poller.start();
  }

  /** Takes a result; never blocks and never refuses, since the attempt was made. */
  void add(Result result) {
    boolean first = unwritten.getAndIncrement() == 0;
    unwrittenBytes.addAndGet(result.bytes());
    waiting.add(result);
    if (first) {
      poller.wake();
    }
  }

  /** Whether there is room for the results of more attempts. */
  boolean hasRoom() {
    return unwritten.get() < capacity && unwrittenBytes.get() < MAX_BYTES;
  }

  /** Waits until everything is written; false where that took longer than {@code limit}. */
  boolean awaitEmpty(Duration limit) throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (unwritten.get() > 0) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return true;
  }

  @Override
  public void close() {
    poller.close();
  }

  private Duration writeBatch() throws InterruptedException {
    List<Result> batch = nextBatch();
    if (!batch.isEmpty()) {
      write(batch);
      inDoubt = false;
      written.clear();
      writing = List.of();
      forget(batch);
    }
    return waiting.isEmpty() ? Duration.ofSeconds(1) : Duration.ZERO;
  }

  /**
   * After a failure what is left of the same batch, so that nothing that was added is forgotten.
   */
  private List<Result> nextBatch() throws InterruptedException {
    if (!writing.isEmpty()) {
      writing = writing.stream().filter(result -> !written.contains(result)).toList();
      forget(written);
      written.clear();
    }
    if (!writing.isEmpty()) {
      return writing;
    }
    gather();
    List<Result> batch = new ArrayList<>(Math.min(BATCH, unwritten.get()));
    for (Result next = waiting.poll(); next != null; next = waiting.poll()) {
      batch.add(next);
      if (batch.size() == BATCH) {
        break;
      }
    }
    batch.sort(BY_ID);
    writing = batch;
    return batch;
  }

  private void forget(Collection<Result> results) {
    unwritten.addAndGet(-results.size());
    unwrittenBytes.addAndGet(-results.stream().mapToLong(Result::bytes).sum());
  }

  /** A few milliseconds make one statement of what would be many. */
  private void gather() throws InterruptedException {
    if (!waiting.isEmpty() && unwritten.get() < BATCH) {
      TimeUnit.NANOSECONDS.sleep(GATHER.toNanos());
    }
  }

  private void write(List<Result> batch) {
    try {
      took(batch, recording.record(batch, true, inDoubt));
    } catch (RuntimeException e) {
      if (SqlFault.isOfDatabase(e)) {
        inDoubt = true;
        throw e;
      }
      writeInHalves(batch, e);
    }
  }

  private void took(List<Result> batch, Recording.Recorded recorded) {
    written.addAll(batch);
    tally.count(batch, recorded);
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
      took(one, recording.record(one, false, inDoubt));
    } catch (RuntimeException e) {
      if (SqlFault.isOfDatabase(e)) {
        inDoubt = true;
        throw e;
      }
      tally.dropped();
      log.atError()
          .addKeyValue("delivery_id", one.get(0).claim().id())
          .addKeyValue("error", SqlFault.describe(e))
          .log("result cannot be recorded, dropped");
    }
  }
}
