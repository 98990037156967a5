package io.outboxworker.demo;

import io.outboxworker.demo.Screen.Line;
import java.net.URI;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/**
 * Reads what the worker recorded, whoever published it, and shows each attempt once. For one
 * thread.
 */
final class Watch {
  /** What a look may show before it only counts: somebody may publish thousands at once. */
  private static final int LINES_MAX = 12;

  /** Transactions become visible a little after the time that they carry. */
  private static final int OVERLAP_MILLIS = 3_000;

  private static final int REMEMBERED_MAX = 100_000;

  /** The final numbers: events, and the deliveries that came of them. */
  record Totals(long events, long delivered, long failed, long retried, long waiting) {
    @Override
    public String toString() {
      return "demo: %d events, %d delivered, %d failed, %d retried"
          .formatted(events, delivered, failed, retried);
    }
  }

  private record Key(UUID delivery, int attempt) {}

  private record Seen(Key key, Line line, Instant finishedAt) {}

  private final Jdbi jdbi;
  private final Screen screen;
  private final Map<Key, Boolean> shown =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Boolean> eldest) {
          return size() > REMEMBERED_MAX;
        }
      };
  private Instant newest = Instant.EPOCH;

  Watch(Jdbi jdbi, Screen screen) {
    this.jdbi = jdbi;
    this.screen = screen;
  }

  /** Shows the attempts that were recorded since the last look. */
  void look() {
    int lines = 0;
    for (Seen seen : attempts()) {
      if (seen.finishedAt.isAfter(newest)) {
        newest = seen.finishedAt;
      }
      if (shown.put(seen.key, true) == null && ++lines <= LINES_MAX) {
        screen.line(seen.line);
      }
    }
    if (lines > LINES_MAX) {
      screen.say("... and %d more attempts".formatted(lines - LINES_MAX));
    }
  }

  /** Counts from the database. */
  Totals totals() {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                select
                  (select count(*) from event_log) + (select count(*) from outbox) as events,
                  count(*) filter (where status = 'delivered') as delivered,
                  count(*) filter (where status = 'failed') as failed,
                  count(*) filter (where attempts > 1) as retried,
                  (select count(*) from outbox) + (select count(*) from delivery) as waiting
                from delivery_log
                """)
            .map((row, context) ->
                new Totals(
                    row.getLong("events"),
                    row.getLong("delivered"),
                    row.getLong("failed"),
                    row.getLong("retried"),
                    row.getLong("waiting")))
            .one());
  }

  /** A delivery that ended without an attempt is one row as well, its attempt being 0. */
  private List<Seen> attempts() {
    return jdbi.withHandle(handle ->
        handle
            .createQuery(
                """
                with recorded as (
                  select id, event, tenant_id, url, status, attempts, last_error, history, finished_at
                  from delivery_log
                  where id > uuid_v7_at(now() - interval '10 minutes') and finished_at > :since
                  union all
                  select d.id, e.event, d.tenant_id, s.url, 'retrying', d.attempts, null, d.history, '-infinity'
                  from delivery d join event_log e on e.id = d.event_id join subscription s on s.id = d.subscription_id
                  where d.attempts > 0)
                select d.id, d.event, d.tenant_id, d.url, coalesce(a.error, d.last_error) as error,
                  case when a.attempt < d.attempts then 'retrying' else d.status end as status,
                  coalesce(a.attempt, 0) as attempt, a.duration_ms, left(a.response, 40) as response,
                  case when d.finished_at > '-infinity' then d.finished_at end as finished_at
                from recorded d left join lateral json_to_recordset(d.history)
                  a(attempt int, at timestamptz, duration_ms int, error text, response text) on true
                order by a.at + a.duration_ms * interval '1 ms', d.id
                """)
            .bind("since", newest.minusMillis(OVERLAP_MILLIS))
            .map((row, context) -> seen(row))
            .list());
  }

  private static Seen seen(ResultSet row) throws SQLException {
    int attempt = row.getInt("attempt");
    String error = row.getString("error");
    String response = row.getString("response");
    Line line =
        new Line(
            row.getString("event"),
            Tenant.nameOf(row.getObject("tenant_id", UUID.class)),
            row.getString("status"),
            Integer.toString(attempt),
            Objects.requireNonNullElse(row.getString("duration_ms"), "-"),
            receiver(row.getString("url")),
            error != null ? error : Receivers.VERIFIED.equals(response) ? "verified" : "");
    var finishedAt = row.getTimestamp("finished_at");
    return new Seen(
        new Key(row.getObject("id", UUID.class), attempt),
        line,
        finishedAt == null ? Instant.EPOCH : finishedAt.toInstant());
  }

  /** Ours are known by their path; of another one the host is said. */
  private static String receiver(String url) {
    URI uri = URI.create(url);
    return url.startsWith("http://127.0.0.1:") && uri.getPath().matches("/[a-z]+")
        ? uri.getPath().substring(1)
        : uri.getHost();
  }
}
