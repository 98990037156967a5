package io.outboxworker.delivery;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.result.ResultIterator;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's deliveries, newest first, in pages; those that are not final and the log as one. A
 * delivery that becomes final between two pages is in one of them, and only there. Thread-safe.
 */
public final class DeliveryList {
  /**
   * Some deliveries.
   *
   * @param next the id before which the next page begins; null after the last. Where conditions
   *     meet that no index holds together, a page may be short although there is a next one: the
   *     search for matches ends before it takes long.
   */
  public record Page(List<DeliveryItem> items, @Nullable UUID next) {}

  /**
   * Ids from {@code first} to {@code end}, the end not among them. The newest day is searched by
   * itself, then the week before and so on, since to plan a statement over all days takes longer
   * than to run it.
   */
  private record Range(UUID first, UUID end) {
    Range before(UUID id) {
      return new Range(first, Ids.earlier(end, id));
    }

    Range newest(Duration span) {
      UUID newest = Ids.earlier(end, Ids.smallestAt(Instant.now()));
      return new Range(Ids.later(first, Ids.after(newest, span.negated())), end);
    }
  }

  /** A row that was looked at, and the delivery that it is, where that matches. */
  private record Seen(UUID id, @Nullable DeliveryItem match) {}

  /** What a range has, or its newest part where {@code next} says that it goes on. */
  private record Portion(List<DeliveryItem> items, int misses, @Nullable UUID next) {}

  private static final Duration FIRST_SPAN = Duration.ofDays(1);
  private static final Duration LAST_SPAN = Duration.ofDays(64);
  private static final int SPAN_FACTOR = 8;

  /** Of what must be looked at row by row, how many rows a statement may read. */
  private static final int PORTION = 1_000;

  /**
   * How many of them are read at a time. Where rows are not in memory each costs 0.1 ms, so the
   * search can only end in time if it is asked between few of them.
   */
  private static final int BATCH = 50;

  private static final Duration SEARCH_LIMIT = Duration.ofMillis(6);

  private final Jdbi jdbi;

  public DeliveryList(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Up to {@code limit} deliveries.
   *
   * @param before the {@code next} of the page before, null for the first page
   */
  public Page page(DeliveryFilter filter, @Nullable UUID before, int limit) {
    if (asksForAForeignSubscription(filter)) {
      return new Page(List.of(), null);
    }
    List<DeliverySource> sources = DeliverySource.of(filter);
    List<DeliveryItem> found = new ArrayList<>();
    long deadlineNanos = System.nanoTime() + SEARCH_LIMIT.toNanos();
    int misses = 0;
    Range range = new Range(filter.firstId(), filter.endId());
    Range rest = before == null ? range : range.before(before);
    Duration span = FIRST_SPAN;
    Range searched = rest.newest(span);
    while (true) {
      Portion portion = search(filter, sources, searched, limit - found.size(), deadlineNanos);
      found.addAll(portion.items);
      misses += portion.misses;
      if (portion.next != null) {
        rest = rest.before(portion.next);
        searched = searched.before(portion.next);
        if (found.size() == limit || isOver(deadlineNanos)) {
          return new Page(found, portion.next);
        }
      } else if (searched.first.equals(rest.first)) {
        return new Page(found, null);
      } else if (misses >= BATCH && isOver(deadlineNanos)) {
        return new Page(found, searched.first);
      } else {
        span = span.multipliedBy(SPAN_FACTOR);
        Range older = rest.before(searched.first);
        searched = span.compareTo(LAST_SPAN) > 0 ? older : older.newest(span);
      }
    }
  }

  /** Its deliveries would be looked at one by one, millions of them, for none that may be shown. */
  private boolean asksForAForeignSubscription(DeliveryFilter filter) {
    return filter.subscriptionId() != null
        && jdbi.withHandle(handle ->
            handle
                .createQuery(
                    """
                    select not exists (select from subscription
                      where id = :subscription and tenant_id = :tenant)
                    """)
                .bind("subscription", filter.subscriptionId())
                .bind("tenant", filter.tenantId())
                .mapTo(boolean.class)
                .one());
  }

  /**
   * The newest that match. Where rows must be looked at one by one it ends after a portion of them,
   * or when the time is over; the search goes on before the last row that was looked at.
   */
  private Portion search(
      DeliveryFilter filter,
      List<DeliverySource> sources,
      Range range,
      int limit,
      long deadlineNanos) {
    boolean looks = sources.stream().anyMatch(DeliverySource::looks);
    int most = looks ? PORTION : limit;
    int batch = looks ? BATCH : 0;
    // In a transaction, since only there rows come in batches, as the server finds them.
    return jdbi.inTransaction(handle -> {
      Query query =
          bind(handle.createQuery(newest(sources)), filter, range)
              .bind("limit", limit)
              .bind("most", most)
              .setFetchSize(batch);
      try (ResultIterator<Seen> rows = query.map(DeliveryList::seen).iterator()) {
        return read(rows, limit, most, batch, deadlineNanos);
      }
    });
  }

  /** Looks at rows until there are enough, or the time is over where they come in batches. */
  private static Portion read(
      ResultIterator<Seen> rows, int limit, int most, int batch, long deadlineNanos) {
    List<DeliveryItem> items = new ArrayList<>();
    int looked = 0;
    while (rows.hasNext()) {
      Seen seen = rows.next();
      looked++;
      if (seen.match != null) {
        items.add(seen.match);
      }
      boolean enough = items.size() == limit || looked == most;
      boolean late = batch > 0 && looked % batch == 0 && isOver(deadlineNanos);
      if (enough || late) {
        return new Portion(items, looked - items.size(), seen.id);
      }
    }
    return new Portion(items, looked - items.size(), null);
  }

  private static String newest(List<DeliverySource> sources) {
    return sources.stream()
        .map(DeliverySource::newest)
        .collect(
            Collectors.joining(
                " union all ", "select * from (", ") found order by looked_at desc limit :most"));
  }

  private static Seen seen(ResultSet row, StatementContext context) throws SQLException {
    return new Seen(
        row.getObject("looked_at", UUID.class),
        row.getString("id") == null ? null : item(row, context));
  }

  private static boolean isOver(long deadlineNanos) {
    return System.nanoTime() - deadlineNanos > 0;
  }

  /** Those of the tenant's deliveries that have one of these ids, oldest first. */
  List<DeliveryItem> these(UUID tenantId, List<UUID> ids) {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select %s from delivery t where t.tenant_id = :tenant and t.id = any(:ids)
                union all
                select %s from delivery_log t where t.tenant_id = :tenant and t.id = any(:ids)
                order by id
                """
                    .formatted(DeliverySource.NOT_FINAL, DeliverySource.FINAL))
            .bind("tenant", tenantId)
            .bindArray("ids", UUID.class, ids)
            .map(DeliveryList::item)
            .list());
  }

  private static Query bind(Query query, DeliveryFilter filter, Range range) {
    return query
        .bind("tenant", filter.tenantId())
        .bind("event", filter.event())
        .bind("subscription", filter.subscriptionId())
        .bind("resource", filter.resourceId())
        .bind("first", range.first)
        .bind("end", range.end);
  }

  static DeliveryItem item(ResultSet row, StatementContext context) throws SQLException {
    return new DeliveryItem(
        row.getObject("id", UUID.class),
        row.getObject("event_id", UUID.class),
        row.getString("event"),
        row.getObject("subscription_id", UUID.class),
        row.getString("url"),
        row.getString("status"),
        row.getInt("attempts"),
        row.getObject("http_status", Integer.class),
        row.getObject("duration_ms", Integer.class),
        row.getString("last_error"),
        row.getTimestamp("created_at").toInstant(),
        instant(row, "finished_at"),
        instant(row, "next_attempt_at"));
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp time = row.getTimestamp(column);
    return time == null ? null : time.toInstant();
  }
}
