package io.outboxworker.delivery;

import io.outboxworker.delivery.Replay.Criteria;
import io.outboxworker.delivery.ReplayMatch.Found;
import io.outboxworker.delivery.ReplayMatch.Piece;
import io.outboxworker.delivery.ReplayMatch.Rest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

/**
 * Works replays off, a piece of one subscription's part at a time and each in one transaction, so
 * that any worker may go on where another one ended. Its deliveries are born parked, and of one
 * subscription so few at a time that live events never wait behind many. Thread-safe.
 */
public final class Replaying {
  /** The share of one subscription in a replay, and how far it has come. */
  private record Part(Criteria criteria, Rest rest, boolean active, boolean ordered) {}

  /** A piece was done for this subscription, or not, for this reason. */
  private record Worked(UUID subscriptionId, @Nullable RuntimeException failure) {}

  /** As many replayed deliveries of one subscription are unfinished at most. */
  private static final int MOST_UNFINISHED = 200;

  private static final Duration BUSY = Duration.ofMillis(20);
  private static final Duration IDLE = Duration.ofMillis(500);

  /** How long a part rests while its subscription has enough to do. */
  private static final Duration REST = Duration.ofMillis(200);

  /** How long it rests where a piece could not be done. */
  private static final Duration AFTER_FAILURE = Duration.ofMinutes(1);

  private static final String PIECE = "piece";

  private final Jdbi jdbi;
  private final Consumer<Set<UUID>> parked;

  /**
   * @param parked is told the subscriptions that have new parked deliveries
   */
  public Replaying(Jdbi jdbi, Consumer<Set<UUID>> parked) {
    this.jdbi = jdbi;
    this.parked = parked;
  }

  /** Does one piece, if there is one, and returns how long to wait before the next. */
  public Duration step() {
    Optional<Worked> worked =
        jdbi.inTransaction(handle -> take(handle).map(part -> work(handle, part)));
    if (worked.isEmpty()) {
      return IDLE;
    }
    RuntimeException failure = worked.get().failure;
    if (failure != null) {
      throw failure;
    }
    parked.accept(Set.of(worked.get().subscriptionId));
    return BUSY;
  }

  /** One that fails rests, so that it isn't always the next: the others must not wait for it. */
  private static Worked work(Handle handle, Part part) {
    handle.savepoint(PIECE);
    try {
      advance(handle, part);
      return new Worked(part.rest.subscriptionId(), null);
    } catch (RuntimeException e) {
      handle.rollbackToSavepoint(PIECE);
      rest(handle, part, AFTER_FAILURE);
      return new Worked(part.rest.subscriptionId(), e);
    }
  }

  private static Optional<Part> take(Handle handle) {
    return handle
        .createQuery(
            """
            select p.replay_id, p.subscription_id, p.last_id, r.tenant_id, r.since, r.until, r.status, r.event, r.again,
              r.created_at, coalesce(s.active, false) as active, coalesce(s.ordered, false) as ordered
            from replay_part p
            join replay r on r.id = p.replay_id
            left join subscription s on s.id = p.subscription_id and s.tenant_id = r.tenant_id
            where p.next_at <= now()
            order by p.next_at limit 1 for update of p, r skip locked
            """)
        .map(Replaying::part)
        .findOne();
  }

  private static void advance(Handle handle, Part part) {
    if (!part.active) {
      note(handle, part, new Piece(List.of(), part.rest.last(), false), 0);
      return;
    }
    int room = MOST_UNFINISHED - unfinished(handle, part);
    if (room <= 0) {
      rest(handle, part, REST);
      return;
    }
    Piece piece = ReplayMatch.next(handle, part.criteria, part.rest, room);
    note(handle, part, piece, insert(handle, part, piece.found()));
  }

  private static int unfinished(Handle handle, Part part) {
    return handle
        .createQuery(
            """
            select count(*) from (select from delivery
              where subscription_id = :subscription and replay_id is not null limit :most) counted
            """)
        .bind("subscription", part.rest.subscriptionId())
        .bind("most", MOST_UNFINISHED)
        .mapTo(int.class)
        .one();
  }

  private static void rest(Handle handle, Part part, Duration rest) {
    handle
        .createUpdate(
            """
            update replay_part set next_at = now() + :rest_ms * interval '1 ms'
            where replay_id = :replay and subscription_id = :subscription
            """)
        .bind("rest_ms", rest.toMillis())
        .bind("replay", part.rest.replayId())
        .bind("subscription", part.rest.subscriptionId())
        .execute();
  }

  /** Events are locked against being erased until their deliveries are committed. */
  private static int insert(Handle handle, Part part, List<Found> found) {
    return found.isEmpty()
        ? 0
        : handle
            .createUpdate(
                """
                with source as (
                  select e.id as event_id, e.tenant_id, e.event, e.resource_id, f.replay_of
                  from unnest(:events, :replay_of) f(id, replay_of)
                  join event_log e on e.id = f.id and e.tenant_id = :tenant and e.erased_at is null
                  order by e.id for share of e)
                insert into delivery (event_id, subscription_id, tenant_id, event, resource_id, ordered, replay_of, replay_id)
                select event_id, :subscription, tenant_id, event, resource_id, :ordered, replay_of, :replay
                from source order by event_id
                """)
            .bindArray("events", UUID.class, found.stream().map(Found::eventId).toList())
            .bindArray("replay_of", UUID.class, found.stream().map(Found::replayOf).toList())
            .bind("tenant", part.criteria.tenantId())
            .bind("subscription", part.rest.subscriptionId())
            .bind("ordered", part.ordered)
            .bind("replay", part.rest.replayId())
            .execute();
  }

  /** The replay's row is locked, so that of two last parts the later one sees that it is last. */
  private static void note(Handle handle, Part part, Piece piece, int replayed) {
    String sql =
        piece.more()
            ? """
            update replay_part set last_id = :last, next_at = now()
            where replay_id = :replay and subscription_id = :subscription
            """
            : "delete from replay_part where replay_id = :replay and subscription_id ="
                + " :subscription";
    handle
        .createUpdate(sql)
        .bind("last", piece.last())
        .bind("replay", part.rest.replayId())
        .bind("subscription", part.rest.subscriptionId())
        .execute();
    if (!piece.more() && part.criteria.status() == Replay.Status.MISSED) {
      ReplayMatch.forgetMissed(handle, part.rest);
    }
    handle
        .createUpdate(
            """
            update replay set replayed = replayed + :replayed, finished_at = case
              when not exists (select from replay_part where replay_id = :replay) then now() end
            where id = :replay
            """)
        .bind("replayed", replayed)
        .bind("replay", part.rest.replayId())
        .execute();
  }

  private static Part part(ResultSet row, StatementContext context) throws SQLException {
    UUID subscriptionId = row.getObject("subscription_id", UUID.class);
    Criteria criteria =
        new Criteria(
            row.getObject("tenant_id", UUID.class),
            subscriptionId,
            row.getTimestamp("since").toInstant(),
            row.getTimestamp("until").toInstant(),
            Replay.Status.valueOf(row.getString("status").toUpperCase(Locale.ROOT)),
            row.getString("event"),
            row.getBoolean("again"));
    Rest rest =
        new Rest(
            row.getObject("replay_id", UUID.class),
            subscriptionId,
            row.getObject("last_id", UUID.class),
            row.getTimestamp("created_at").toInstant());
    return new Part(criteria, rest, row.getBoolean("active"), row.getBoolean("ordered"));
  }
}
