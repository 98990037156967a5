package io.outboxworker.delivery;

import io.outboxworker.webhook.Envelope;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Query;

/**
 * How deliveries that are not final are claimed. Each method is a transaction of its own that is
 * committed before it returns, so whoever gets a claim may send. PostgreSQL's clock says what is
 * due and when a lease ends. Thread-safe.
 */
public final class Deliveries {
  /** A lease outlives its attempt's time limit by this much. */
  public static final Duration LEASE_MARGIN = Duration.ofSeconds(15);

  /** As many bytes of payload as one statement hands out at most. */
  public static final int MAX_BATCH_BYTES = 8 * 1024 * 1024;

  /** As many deliveries as one statement makes or hands out at most. */
  public static final int MAX_BATCH = 5_000;

  /** This many claims without a result make a suspect. */
  static final int SUSPECT_LOSSES = 2;

  private final Jdbi jdbi;
  private final String source;
  private final Duration attemptTimeout;
  private final long workerBits = (long) new Random().nextInt() << Integer.SIZE;
  private final AtomicInteger claims = new AtomicInteger();

  /**
   * @param source what {@code metadata.source} of every body says
   * @param attemptTimeout for subscriptions without one of their own
   */
  public Deliveries(Jdbi jdbi, String source, Duration attemptTimeout) {
    this.jdbi = jdbi;
    this.source = source;
    this.attemptTimeout = attemptTimeout;
  }

  /**
   * A fencing token for the claims of one statement. Its upper half is the same in all tokens of
   * this worker, so that {@link Backlog} can tell whose leases ran out.
   */
  public long newToken() {
    return workerBits | Integer.toUnsignedLong(claims.incrementAndGet());
  }

  /**
   * Parked deliveries of active subscriptions, at most as many as each lane has room for.
   *
   * <p>Plans are kept, and most are made while hardly anything is in the table. So a lane is asked
   * for by a range, in the order that only the index of parked rows has, and rows are claimed at
   * the place where they were found. The coalesce says "is null" in a way that does not invite that
   * index, which would be read whole to find those places.
   */
  List<Claim> claimParked(Map<UUID, Integer> rooms) {
    long askedNanos = System.nanoTime();
    long token = newToken();
    List<UUID> subscriptions = new ArrayList<>(rooms.keySet());
    return jdbi.withHandle(handle ->
        claims(
            leasing(
                    handle.createQuery(
                        """
                        with lane as (
                          select w.id, w.room from unnest(:subscriptions, :rooms) w(id, room)
                          join subscription s on s.id = w.id and s.active),
                        plain as materialized (
                          select p.* from lane cross join lateral (
                            select d.ctid as place, d.id, d.event_id from delivery d
                            where d.subscription_id between lane.id and lane.id and d.lease_until is null
                              and not d.ordered and d.claims - d.attempts < 2
                            order by d.subscription_id, d.id limit lane.room for update skip locked) p),
                        heads as (
                          select h.place, h.id, h.event_id from lane cross join lateral (
                            select d.ctid as place, d.id, d.event_id, d.tenant_id, d.lease_until,
                              d.claims - d.attempts as losses
                            from delivery d where d.ordered and d.subscription_id = lane.id
                            order by d.event_id, d.id limit 1) h
                          where h.lease_until is null and h.losses < 2
                            and not exists (select from delivery busy where busy.ordered
                              and busy.subscription_id = lane.id and busy.lease_until is not null)
                            and not exists (
                            select from outbox o where o.id < h.event_id and o.tenant_id = h.tenant_id)),
                        sized as (
                          select p.place, e.bytes, sum(e.bytes) over (order by p.id) as bytes_so_far
                          from (select * from plain union all select * from heads) p
                          cross join lateral (
                            select octet_length(data::text) as bytes from event_log where id = p.event_id offset 0) e),
                        c as (
                          update delivery d set claims = claims + 1, lease_token = :token,
                            lease_until = now() + (:margin_ms + coalesce((select s.timeout_ms from subscription s
                              where s.id = d.subscription_id), :timeout_ms)) * interval '1 ms'
                          where coalesce(d.lease_until, '-infinity') = '-infinity' and d.ctid = any(array(select place from sized
                            where bytes_so_far <= :max_bytes or bytes_so_far = bytes))
                          returning *)
                        select %s from c cross join lateral (
                          select * from event_log where id = c.event_id offset 0) e order by c.id
                        """
                            .formatted(ClaimRows.COLUMNS)),
                    token)
                .bindArray("subscriptions", UUID.class, subscriptions)
                .bindArray("rooms", Integer.class, subscriptions.stream().map(rooms::get).toList())
                .bind("max_bytes", MAX_BATCH_BYTES),
            token,
            askedNanos));
  }

  /** What was claimed under this token; empty where it is not any more. */
  Optional<Claim> claimed(UUID id, long token) {
    long askedNanos = System.nanoTime();
    return jdbi
        .withHandle(handle ->
            claims(
                handle
                    .createQuery(
                        """
                        select %s from delivery c join event_log e on e.id = c.event_id
                        where c.id = :id and c.lease_token = :token
                        """
                            .formatted(ClaimRows.COLUMNS))
                    .bind("id", id)
                    .bind("token", token),
                token,
                askedNanos))
        .stream()
        .findFirst();
  }

  /** Binds what a statement leases with. */
  Query leasing(Query query, long token) {
    return query
        .bind("token", token)
        .bind("margin_ms", LEASE_MARGIN.toMillis())
        .bind("timeout_ms", attemptTimeout.toMillis());
  }

  private List<Claim> claims(Query query, long token, long askedNanos) {
    ClaimRows rows = new ClaimRows(this, token, askedNanos);
    return query.map((row, context) -> rows.read(row)).list();
  }

  /** The message of a row that has the columns of {@code event_log}, its id apart. */
  public Message messageOf(ResultSet row, UUID eventId) throws SQLException {
    UUID tenantId = row.getObject("tenant_id", UUID.class);
    String event = row.getString("event");
    // A Timestamp would count the days before 1582 by the Julian calendar.
    Instant occurredAt = row.getObject("occurred_at", OffsetDateTime.class).toInstant();
    Envelope envelope =
        new Envelope(
            eventId,
            tenantId,
            event,
            row.getString("resource_type"),
            row.getString("resource_id"),
            occurredAt,
            row.getString("data"));
    return new Message(
        eventId, tenantId, event, envelope.body(source), row.getString("traceparent"), occurredAt);
  }
}
