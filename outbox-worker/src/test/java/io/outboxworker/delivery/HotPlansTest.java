package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseClock;
import io.outboxworker.delivery.DueRetries.Rooms;
import io.outboxworker.delivery.DueRetries.Taken;
import io.outboxworker.delivery.Result.Attempted;
import io.outboxworker.delivery.Result.GivenBack;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.testing.Shop;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * How much of the table of deliveries PostgreSQL reads to claim and to record. Plans are kept, and
 * most are made while hardly anything is in the table.
 */
final class HotPlansTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int LANES = 200;
  private static final int EACH = 20;
  private static final int ALL = LANES * EACH;
  private static final int BATCH = 400;

  /** Driver and server keep a plan for all arguments after five calls each. */
  private static final int CALLS_UNTIL_KEPT = 12;

  /** What is in the table when the plans are made. */
  enum Before {
    NEVER_ANALYZED,
    NOTHING,
    ONE_PARKED,
    ONE_IN_FLIGHT,
    AS_MANY
  }

  @AutoClose private final Shop shop = new Shop();

  @AutoClose
  private final Database pool = Database.openUnhurried(shop.database().settings(), "test", 1, null);

  private final Subscription subscription =
      shop.subscriptions()
          .find(shop.tenant(), shop.subscribe("*", "http://127.0.0.1:9/"))
          .orElseThrow();
  private final Deliveries deliveries = new Deliveries(pool.jdbi(), "test", TIMEOUT);
  private final DueRetries retries = new DueRetries(pool.jdbi(), deliveries, TIMEOUT);
  private final Recording recording =
      new Recording(pool.jdbi(), new DatabaseClock(pool.jdbi()), Duration.ofDays(5));

  @ParameterizedTest
  @EnumSource
  void claims_and_records_read_only_their_own_deliveries(Before before) {
    pool.jdbi()
        .useHandle(handle -> {
          makeTable(handle, before);
          keepPlans();
          // While a commit is not flushed PostgreSQL can't mark what it deleted as gone, and would
          // meet it again with each claim.
          handle.execute("set synchronous_commit = on");
          handle.execute("delete from delivery");
          park(handle);
          handle.execute("select count(*) from delivery");
          handle.execute("reset synchronous_commit");
        });

    assertRecordReads(assertReads(this::claimAll), GivenBack::new);
    assertRecordReads(claimAll(), this::retried);
    assertRecordReads(assertReads(this::takeAll), this::delivered);
  }

  private void assertRecordReads(List<Claim> claims, Function<Claim, Result> attempt) {
    assertReads(() -> {
      List<UUID> recorded = new ArrayList<>();
      for (int i = 0; i < ALL; i += BATCH) {
        recorded.addAll(record(claims.subList(i, i + BATCH), attempt));
      }
      return recorded;
    });
  }

  private Set<UUID> record(List<Claim> claims, Function<Claim, Result> attempt) {
    return recording.record(claims.stream().map(attempt).toList(), true, false).deliveries();
  }

  private <T> List<T> assertReads(Supplier<List<T>> work) {
    long before = read();
    List<T> done = work.get();
    assertThat(done).hasSize(ALL);
    assertThat(read() - before).isBetween((long) ALL, 6L * ALL);
    return done;
  }

  /** Rows and entries of indexes that were read so far. */
  private long read() {
    return pool.jdbi()
        .withHandle(handle -> {
          handle.execute("select pg_stat_force_next_flush()");
          return handle
              .createQuery(
                  """
                  select (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'delivery')
                    + (select seq_tup_read from pg_stat_user_tables where relname = 'delivery')
                  """)
              .mapTo(long.class)
              .one();
        });
  }

  private void makeTable(Handle handle, Before before) {
    handle.execute("alter table delivery set (autovacuum_enabled = off)");
    handle.execute(
        """
        insert into subscription (id, tenant_id, event, url, active, secret)
        select gen_random_uuid(), gen_random_uuid(), '*', 'https://example.com/', true, '\\x00' from generate_series(2, ?)
        """,
        LANES);
    handle.execute("analyze subscription");
    park(handle);
    switch (before) {
      case NEVER_ANALYZED -> handle.execute("truncate delivery");
      case NOTHING -> handle.execute("delete from delivery");
      case ONE_PARKED, ONE_IN_FLIGHT ->
          handle.execute("delete from delivery where id <> (select id from delivery limit 1)");
      case AS_MANY -> {}
    }
    if (before == Before.ONE_IN_FLIGHT) {
      handle.execute("update delivery set lease_until = now() + interval '1 day'");
    }
    if (before != Before.NEVER_ANALYZED) {
      handle.execute("vacuum (analyze) delivery");
    }
  }

  private void keepPlans() {
    UUID nobody = new UUID(0, 0);
    Message message = new Message(nobody, nobody, "a.b", new byte[0], null, Instant.EPOCH);
    Claim claim = new Claim(nobody, nobody, message, 0, 1, 0, null, false);
    for (int i = 0; i < CALLS_UNTIL_KEPT; i++) {
      deliveries.claimParked(Map.of(nobody, 1));
      retries.take(Instant.EPOCH, new Rooms(List.of(), List.of(), 1));
      record(List.of(claim), GivenBack::new);
      record(List.of(claim), this::retried);
      record(List.of(claim), this::delivered);
    }
  }

  private static void park(Handle handle) {
    handle.execute(
        """
        with event as (
          insert into event_log (id, tenant_id, event, resource_type, resource_id, data, occurred_at)
          select uuid_v7(), tenant_id, 'a.b', 'a', 'r', '{}', now() from subscription, generate_series(1, ?)
          returning id, tenant_id)
        insert into delivery (event_id, subscription_id, tenant_id, event, resource_id)
        select e.id, s.id, s.tenant_id, 'a.b', 'r' from event e join subscription s on s.tenant_id = e.tenant_id
        """,
        EACH);
  }

  private List<Claim> claimAll() {
    Map<UUID, Integer> rooms =
        pool
            .jdbi()
            .withHandle(handle ->
                handle.createQuery("select id from subscription").mapTo(UUID.class).list())
            .stream()
            .collect(Collectors.toMap(id -> id, id -> 2));
    List<Claim> claims = new ArrayList<>();
    while (claims.addAll(deliveries.claimParked(rooms))) {}
    return claims;
  }

  private List<Claim> takeAll() {
    List<Claim> claims = new ArrayList<>();
    Taken taken;
    do {
      taken = retries.take(Instant.now(), new Rooms(List.of(), List.of(), ALL));
      claims.addAll(taken.claims());
    } while (taken.more());
    return claims;
  }

  private Result retried(Claim claim) {
    return attempted(
        claim,
        new Outcome.Refused(Duration.ZERO, 500, "", "HTTP 500", null),
        new Verdict.RetryIn(Duration.ZERO, "server_error"));
  }

  private Result delivered(Claim claim) {
    return attempted(claim, new Outcome.Accepted(Duration.ZERO, 200, ""), new Verdict.Delivered());
  }

  private Result attempted(Claim claim, Outcome outcome, Verdict verdict) {
    return new Attempted(claim, subscription, outcome, verdict, Instant.EPOCH, System.nanoTime());
  }
}
