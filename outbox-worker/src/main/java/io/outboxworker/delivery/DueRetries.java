package io.outboxworker.delivery;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/**
 * Takes the retries that fell due, whoever set their timers. Each call is a transaction of its own
 * that is committed before it returns. Thread-safe.
 */
final class DueRetries {
  /** Retries that are so late had their leases ended: the sweep has parked them. */
  static final Duration LEASE = Duration.ofSeconds(10);

  private static final int BATCH = 500;

  /**
   * How many retries each lane may take; what is more than that is parked.
   *
   * @param perLane lanes that have other room than {@code perOther}
   */
  record Rooms(List<UUID> lanes, List<Integer> perLane, int perOther) {
    /** Names only lanes that hold something, or whose pace counts. */
    static Rooms of(Collection<Lane> lanes, int perOther) {
      long now = System.nanoTime();
      Rooms rooms = new Rooms(new ArrayList<>(), new ArrayList<>(), perOther);
      for (Lane lane : lanes) {
        int room = perOther == 0 ? 0 : lane.roomForRetries(now);
        if (room < perOther) {
          rooms.lanes.add(lane.subscriptionId);
          rooms.perLane.add(room);
        }
      }
      return rooms;
    }
  }

  /**
   * What one statement took.
   *
   * @param parked subscriptions whose lanes had no room for all of theirs
   * @param more whether more is due
   */
  record Taken(List<Claim> claims, Set<UUID> parked, boolean more) {}

  private final Jdbi jdbi;
  private final Deliveries deliveries;
  private final Duration attemptTimeout;

  DueRetries(Jdbi jdbi, Deliveries deliveries, Duration attemptTimeout) {
    this.jdbi = jdbi;
    this.deliveries = deliveries;
    this.attemptTimeout = attemptTimeout;
  }

  /**
   * Up to 500 or 8 MiB of what is due by now or was to be at {@code due}, which the clock of
   * another host may find a moment earlier than PostgreSQL does. Where the lane has no room, the
   * subscription is not active or the delivery is a suspect, it is parked instead.
   */
  Taken take(Instant due, Rooms rooms) {
    long askedNanos = System.nanoTime();
    long token = deliveries.newToken();
    ClaimRows rows = new ClaimRows(deliveries, token, askedNanos);
    Reading reading = new Reading(rows);
    jdbi.useHandle(handle ->
        handle
            .createQuery(
                """
                with due as materialized (
                  select d.ctid as place, d.id, d.event_id, d.subscription_id, d.claims - d.attempts as losses
                  from delivery d
                  where d.next_attempt_at <= greatest(:due, now())
                    and d.next_attempt_at > least(:due, now()) - :lease_ms * interval '1 ms'
                  order by d.next_attempt_at limit :batch for update skip locked),
                judged as (
                  select due.*, s.active is true as active, coalesce(s.timeout_ms, :timeout_ms) as timeout_ms,
                    s.active is true and due.losses < 2
                      and row_number() over (partition by due.subscription_id order by due.id)
                        <= least(coalesce(lane.room, :room), s.max_in_flight, s.max_per_second) as go
                  from due
                  left join subscription s on s.id = due.subscription_id
                  left join unnest(:lanes, :rooms) lane(id, room) on lane.id = due.subscription_id),
                sized as materialized (
                  select w.*, sum(bytes) over (partition by go order by id) as bytes_so_far
                  from (select j.*, coalesce((select octet_length(data::text) from event_log where id = j.event_id), 0) as bytes
                    from judged j) w),
                fitting as materialized (
                  select * from sized where not go or bytes_so_far <= :max_bytes or bytes_so_far = bytes),
                c as (
                  update delivery d set next_attempt_at = null,
                    claims = d.claims + case when f.go then 1 else 0 end,
                    lease_token = case when f.go then :token end,
                    lease_until = case when f.go then now() + (:margin_ms + f.timeout_ms) * interval '1 ms' end
                  from fitting f where d.ctid = f.place
                  returning d.*)
                select taken.*, claim.*
                from (select
                    (select count(*) from due) = :batch or (select count(*) from fitting) < (select count(*) from due) as more,
                    array(select distinct subscription_id from fitting where not go and active) as parked) taken
                left join (select %s from c cross join lateral (
                    select * from event_log where id = c.event_id offset 0) e
                  where c.lease_until is not null) claim on true
                """
                    .formatted(ClaimRows.COLUMNS))
            .bind("due", due.atOffset(ZoneOffset.UTC))
            .bind("lease_ms", LEASE.toMillis())
            .bind("batch", BATCH)
            .bind("timeout_ms", attemptTimeout.toMillis())
            .bind("margin_ms", Deliveries.LEASE_MARGIN.toMillis())
            .bind("max_bytes", Deliveries.MAX_BATCH_BYTES)
            .bind("token", token)
            .bind("room", rooms.perOther)
            .bindArray("lanes", UUID.class, rooms.lanes)
            .bindArray("rooms", Integer.class, rooms.perLane)
            .map((row, context) -> reading.add(row))
            .forEach(added -> {}));
    return reading.taken();
  }

  /** Gathers the rows: what concerns all of them is in each, and one has no claim if none has. */
  private static final class Reading {
    private final ClaimRows rows;
    private final List<Claim> claims = new ArrayList<>();
    private Set<UUID> parked = Set.of();
    private boolean more;

    Reading(ClaimRows rows) {
      this.rows = rows;
    }

    int add(ResultSet row) throws SQLException {
      if (claims.isEmpty()) {
        more = row.getBoolean("more");
        parked = Set.of((UUID[]) row.getArray("parked").getArray());
      }
      if (row.getObject("id") != null) {
        claims.add(rows.read(row));
      }
      return claims.size();
    }

    Taken taken() {
      return new Taken(claims, parked, more);
    }
  }
}
