package io.outboxworker.benchmarks.contestant;

import com.gruelbox.transactionoutbox.Dialect;
import com.gruelbox.transactionoutbox.Instantiator;
import com.gruelbox.transactionoutbox.Persistor;
import com.gruelbox.transactionoutbox.Submitter;
import com.gruelbox.transactionoutbox.TransactionManager;
import com.gruelbox.transactionoutbox.TransactionOutbox;
import com.zaxxer.hikari.HikariDataSource;
import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.webhook.Sender;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * gruelbox transaction-outbox as a worker beside the application: rows are committed elsewhere, and
 * a flush loop calls what they say. It holds a transaction during each POST.
 */
public final class Gruelbox implements Contestant {
  /** What the rows call; the library wants an interface to make a proxy of. */
  public interface Delivery {
    void post(String id, String seq, String data);
  }

  private static final int THREADS = 64;
  private static final int BATCH = 1_000;

  /**
   * A copy of the row that the library itself makes of a call, with its arguments put in, and due:
   * the library's own row is left to the application that made it for the first ten minutes.
   */
  private static final String INTO =
      """
      insert into txno_outbox
      select (jsonb_populate_record(s, jsonb_build_object('id', gen_random_uuid()::text,
        'nextattempttime', (now() - interval '1 day')::timestamp, 'invocation',
        replace(replace(replace(s.invocation, '@id', %s::text), '@seq', %s::text),
          '"@data"', to_json(%s::text)::text)))).*
      from sample s, %s
      """;

  @Override
  public String name() {
    return "gruelbox";
  }

  @Override
  public String settings() {
    return "transactionoutbox-core 4.2.268, flush of %,d without a pause, %d threads and connections, %s"
        .formatted(BATCH, THREADS, Peers.COMMITS);
  }

  @Override
  public void install(Ground ground, String database, Audience audience) throws SQLException {
    try (HikariDataSource pool = Peers.pool(new String[] {ground.jdbcUrl(database)}, 2);
        Connection connection = ground.connect(database)) {
      TransactionManager transactions = TransactionManager.fromDataSource(pool);
      TransactionOutbox outbox = outbox(transactions, type -> (Delivery) (id, seq, data) -> {}, 1);
      transactions.inTransaction(
          () -> outbox.schedule(Delivery.class).post("@id", "@seq", "@data"));
      Ground.execute(connection, "create table sample as select * from txno_outbox");
      Ground.execute(connection, "truncate txno_outbox");
    }
  }

  @Override
  public void load(Connection connection, Audience audience, long first, int count)
      throws SQLException {
    String id = EventId.sql("seq", "(seq % " + audience.tenants() + ")::int");
    String rows = "generate_series(%d::bigint, %d) seq".formatted(first, first + count - 1);
    Ground.execute(connection, INTO.formatted(id, "seq", Audience.dataSql("seq"), rows));
  }

  @Override
  public Publisher publisher(Connection connection, Audience audience) throws SQLException {
    return Peers.publisher(
        connection,
        audience,
        INTO.formatted(
                "e.id",
                "e.seq",
                "e.data",
                "(values (?::uuid, ?::bigint, ?::text)) e(id, seq, data)")
            + " returning xmin::text::bigint");
  }

  @Override
  public Running start(Ground ground, String database, Audience audience) throws IOException {
    return Peers.start(this, ground, database, audience);
  }

  @Override
  public boolean isIdle(Connection connection) throws SQLException {
    return 0 == Ground.number(connection, "select (exists (select from txno_outbox))::int");
  }

  /** Flushes until the process is ended. */
  public static void main(String[] arguments) throws InterruptedException {
    Sender.prepareJvm();
    Poster poster = Peers.poster(arguments);
    HikariDataSource pool = Peers.pool(arguments, THREADS + 2);
    Delivery delivery =
        (id, seq, data) -> poster.post(UUID.fromString(id), Long.parseLong(seq), data);
    TransactionOutbox outbox =
        outbox(TransactionManager.fromDataSource(pool), type -> delivery, THREADS);
    while (!Thread.currentThread().isInterrupted()) {
      if (!outbox.flush()) {
        Thread.sleep(20);
      }
    }
  }

  private static TransactionOutbox outbox(
      TransactionManager transactions, Function<Class<?>, Object> delivery, int threads) {
    return TransactionOutbox.builder()
        .transactionManager(transactions)
        .instantiator(Instantiator.using(delivery))
        .persistor(Persistor.forDialect(Dialect.POSTGRESQL_9))
        .submitter(Submitter.withExecutor(Executors.newFixedThreadPool(threads)))
        .flushBatchSize(BATCH)
        .attemptFrequency(Duration.ofMinutes(10))
        .serializeMdc(false)
        .build();
  }
}
