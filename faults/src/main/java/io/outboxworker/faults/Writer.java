package io.outboxworker.faults;

import io.outboxworker.faults.Entry.State;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A business that publishes numbered events, each in a transaction of its own: 30 % are rolled
 * back, 5 % are held open for seconds. What it knows of each goes into the ledger. Thread-safe.
 */
final class Writer implements AutoCloseable {
  /** What all of its events match, and none that a worker writes itself. */
  static final String EVENTS = "order.*";

  private static final int CONNECTIONS = 16;

  private final String url;
  private final List<UUID> tenants;
  private final Journal ledger;
  private final int perSecond;
  private final Random random;
  private final AtomicLong number = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong slowestInsert = new AtomicLong();
  private final Semaphore free = new Semaphore(CONNECTIONS);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Thread pace = Thread.ofPlatform().name("writer").daemon().unstarted(this::write);
  private volatile String lastFault = "";
  private volatile boolean holds = true;
  private volatile boolean stopped;

  /**
   * @param url the database, perhaps over a link that gets cut
   */
  Writer(String url, List<UUID> tenants, Journal ledger, int perSecond, long seed) {
    // The business waits for its own commits, whatever the worker does.
    this.url =
        url
            + "&connectTimeout=2&loginTimeout=2&socketTimeout=60"
            + "&options=-c%20synchronous_commit%3Don";
    this.tenants = tenants;
    this.ledger = ledger;
    this.perSecond = perSecond;
    this.random = new Random(seed);
  }

  void start() {
    pace.start();
  }

  /** Writes no more, and returns when every transaction has ended. */
  void stop() {
    stopped = true;
    try {
      pace.join();
      threads.shutdown();
      if (!threads.awaitTermination(2, TimeUnit.MINUTES)) {
        throw new IllegalStateException("a transaction of the writer does not end");
      }
    } catch (InterruptedException e) {
      throw Moment.interrupted(e);
    }
  }

  /** From now on no transaction is held open, but those of {@link #publishLate}. */
  void holdNone() {
    holds = false;
  }

  /** Transactions of which the database took nothing, and others that had no connection. */
  long refused() {
    return refused.get();
  }

  /** The longest that an INSERT took, in milliseconds, since this was last asked. */
  long slowestInsert() {
    return slowestInsert.getAndSet(0);
  }

  /** Publishes one event of this tenant and commits it. */
  UUID publish(UUID tenant, String data) {
    UUID id = transact(tenant, data, false, Duration.ZERO);
    if (id == null) {
      throw new IllegalStateException("the event was not committed: " + lastFault);
    }
    return id;
  }

  /** Publishes one event in a transaction that stays open for so long before it commits. */
  void publishLate(UUID tenant, Duration hold) {
    threads.execute(() -> transact(tenant, data(), false, hold));
  }

  /** Publishes one event, if the database takes it. */
  void offer(UUID tenant, String data) {
    threads.execute(() -> transact(tenant, data, false, Duration.ZERO));
  }

  /** Leaves open transactions as they are, if there still are any. */
  @Override
  public void close() {
    stopped = true;
    try {
      pace.join();
    } catch (InterruptedException e) {
      throw Moment.interrupted(e);
    }
    threads.shutdownNow();
  }

  private void write() {
    long begun = System.nanoTime();
    for (long n = 0; !stopped; n++) {
      long due = begun + n * 1_000_000_000L / perSecond;
      Moment.pause(Duration.ofNanos(Math.max(0, due - System.nanoTime())));
      UUID tenant = tenants.get(random.nextInt(tenants.size()));
      boolean rollBack = random.nextInt(100) < 30;
      boolean held = random.nextInt(100) < 5 && holds;
      Duration hold = Duration.ofMillis(held ? 1_000 + random.nextInt(4_000) : 0);
      if (free.tryAcquire()) {
        threads.execute(() -> {
          try {
            transact(tenant, data(), rollBack, hold);
          } finally {
            free.release();
          }
        });
      } else {
        refused.incrementAndGet();
      }
    }
  }

  private String data() {
    return "{\"n\":%d,\"text\":\"é \\u0001\", \"ratio\": 1.50}".formatted(number.incrementAndGet());
  }

  /** The event's id where it was committed for certain. */
  private @Nullable UUID transact(UUID tenant, String data, boolean rollBack, Duration hold) {
    long begun = Moment.now();
    @Nullable UUID id = null;
    State state = State.ROLLED_BACK;
    try (Connection connection = DriverManager.getConnection(url)) {
      connection.setAutoCommit(false);
      id = insert(connection, tenant, data);
      Moment.pause(hold);
      if (rollBack) {
        connection.rollback();
      } else {
        state = State.IN_DOUBT;
        connection.commit();
        state = State.COMMITTED;
      }
    } catch (SQLException e) {
      lastFault = String.valueOf(e.getMessage());
      if (id == null) {
        refused.incrementAndGet();
      } else if (state == State.IN_DOUBT && isCertainlyRefused(e)) {
        state = State.ROLLED_BACK;
      }
    }
    if (id != null) {
      ledger.add(new Entry(id, tenant, state, Hash.of(data), begun, Moment.now()).line());
    }
    return state == State.COMMITTED ? id : null;
  }

  private UUID insert(Connection connection, UUID tenant, String data) throws SQLException {
    long before = Moment.now();
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            insert into webhooks.outbox (tenant_id, event, resource_id, data)
            values (?, 'order.created', ?, cast(? as json)) returning id
            """)) {
      statement.setObject(1, tenant);
      statement.setString(2, Long.toString(number.get()));
      statement.setString(3, data);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        slowestInsert.accumulateAndGet(Moment.now() - before, Math::max);
        return row.getObject(1, UUID.class);
      }
    }
  }

  /** An error that the server sent as the answer to COMMIT, in a session that goes on. */
  private static boolean isCertainlyRefused(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    return !state.startsWith("08") && !state.startsWith("57") && !state.startsWith("58");
  }
}
