package io.outboxworker.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.database.Database;
import io.outboxworker.database.TenantScope;
import io.outboxworker.testing.LogRows;
import io.outboxworker.testing.MonthOfLog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Pages of deliveries by every filter, over a month of log. With {@code -Dlog.rows=10000000} this
 * is what measures them; {@code -Dlog.database} takes a JDBC URL of a migrated, empty database.
 */
final class LogPagesTest {
  private static final int PAGE = 50;
  private static final boolean MEASURED = MonthOfLog.ROWS >= MonthOfLog.MEASURED_ROWS;
  private static final int RUNS = MEASURED ? 40 : 2;

  private static @Nullable MonthOfLog log;

  @BeforeAll
  static void fill() {
    log = new MonthOfLog();
  }

  @AfterAll
  static void close() {
    if (log != null) {
      log.close();
    }
  }

  @Test
  void each_page_holds_just_what_a_plain_look_at_the_table_finds() {
    for (DeliveryFilter filter : filters()) {
      List<UUID> paged = new ArrayList<>();
      UUID before = null;
      do {
        DeliveryList.Page page = page(filter, before);
        page.items().forEach(item -> paged.add(item.id()));
        before = page.next();
      } while (before != null && paged.size() < 4 * PAGE);
      List<UUID> plain = plain(filter, paged.size() + (before == null ? 1 : 0));
      assertThat(paged).as("%s", filter).isEqualTo(plain);
    }
  }

  /** Tells the figures, and holds them where the log is as large as they are promised for. */
  @Test
  void a_page_by_any_filter_takes_less_than_20_ms_with_10_million_in_the_log() {
    warmUp();
    long slowest = 0;
    System.out.printf("%,d deliveries in the log; pages of %d%n", MonthOfLog.ROWS, PAGE);
    System.out.printf("%-64s %6s %8s %8s%n", "filter", "items", "p50 ms", "p95 ms");
    for (DeliveryFilter filter : filters()) {
      long[] nanos = new long[RUNS];
      int items = 0;
      for (int run = 0; run < RUNS; run++) {
        long started = System.nanoTime();
        items = page(filter, null).items().size();
        nanos[run] = System.nanoTime() - started;
      }
      Arrays.sort(nanos);
      long p95 = nanos[RUNS * 95 / 100];
      slowest = Math.max(slowest, p95);
      System.out.printf(
          "%-64s %6d %8.2f %8.2f%n", named(filter), items, nanos[RUNS / 2] / 1e6, p95 / 1e6);
    }
    if (MEASURED) {
      assertThat(Duration.ofNanos(slowest)).isLessThan(Duration.ofMillis(20));
    }
  }

  /** The program, and not the log: by a tenant that has no deliveries. */
  private static void warmUp() {
    int rounds = MEASURED ? RUNS : 0;
    UUID nobody = new UUID(1, 1);
    for (int round = 0; round < rounds; round++) {
      page(filter(nobody, null, null, null, null, null, null), null);
    }
  }

  @Test
  void row_level_security_hides_neither_indexes_nor_numbers_from_the_planner() {
    DeliveryFilter resource =
        filter(LogRows.TENANT, DeliveryStatus.FAILED, null, null, LogRows.HOT_RESOURCE, null, null);
    String found =
        explained("explain " + DeliverySource.of(resource).getFirst().newest(), resource);
    assertThat(found).containsPattern("Index Cond: .*resource_id");

    String all = "select from delivery_log where tenant_id = :tenant";
    String estimate = explained("explain (format json) " + all, resource);
    Matcher rows = Pattern.compile("\"Plan Rows\": (\\d+)").matcher(estimate);
    assertThat(rows.find()).isTrue();
    assertThat(Long.parseLong(rows.group(1))).isGreaterThan(MonthOfLog.ROWS / 5);
  }

  private static String explained(String sql, DeliveryFilter filter) {
    return TenantScope.during(
        filter.tenantId(),
        "test",
        "",
        () ->
            log()
                .tenants()
                .jdbi()
                .inTransaction(handle -> {
                  handle.execute("set local enable_seqscan = off");
                  return String.join(
                      "\n",
                      handle
                          .createQuery(sql)
                          .bind("tenant", filter.tenantId())
                          .bind("resource", filter.resourceId())
                          .bind("first", filter.firstId())
                          .bind("end", filter.endId())
                          .bind("limit", PAGE)
                          .mapTo(String.class)
                          .list());
                }));
  }

  /** As the API reads it: in that tenant's scope, behind row level security. */
  private static DeliveryList.Page page(DeliveryFilter filter, @Nullable UUID before) {
    return TenantScope.during(
        filter.tenantId(), "test", "", () -> list().page(filter, before, PAGE));
  }

  private static DeliveryList list() {
    return new DeliveryList(log().tenants().jdbi());
  }

  private static Database pool() {
    return log().pool();
  }

  private static MonthOfLog log() {
    return Objects.requireNonNull(log);
  }

  /** Each filter alone, and what people combine; big, small and unknown tenants. */
  private static List<DeliveryFilter> filters() {
    Instant now = Instant.now();
    Instant weekAgo = now.minus(Duration.ofDays(7));
    UUID big = LogRows.TENANT;
    UUID small = LogRows.tenant(17);
    UUID one = LogRows.subscription(0, 7);
    UUID all = LogRows.EVERYTHING;
    List<DeliveryFilter> filters = new ArrayList<>();
    for (UUID tenant : List.of(big, small, new UUID(1, 1))) {
      filters.add(filter(tenant, null, null, null, null, null, null));
      for (DeliveryStatus status : DeliveryStatus.values()) {
        filters.add(filter(tenant, status, null, null, null, null, null));
      }
      filters.add(filter(tenant, DeliveryStatus.FAILED, null, null, null, weekAgo, now));
    }
    for (DeliveryStatus status : new DeliveryStatus[] {null, DeliveryStatus.FAILED}) {
      filters.add(filter(big, status, "invoice.created", null, null, null, null));
      filters.add(filter(big, status, LogRows.RARE_EVENT, null, null, null, null));
      filters.add(filter(big, status, "no.such", null, null, null, null));
      filters.add(filter(big, status, null, one, null, null, null));
      filters.add(filter(big, status, null, all, null, null, null));
      filters.add(filter(small, status, null, all, null, null, null));
      filters.add(filter(big, status, null, null, LogRows.HOT_RESOURCE, null, null));
      filters.add(filter(big, status, null, null, "res-15838", null, null));
      filters.add(filter(big, status, "invoice.created", all, null, null, null));
      filters.add(filter(big, status, LogRows.RARE_EVENT, all, null, null, null));
      filters.add(filter(big, status, LogRows.RARE_EVENT, one, null, null, null));
      filters.add(filter(big, status, "invoice.sent", one, LogRows.HOT_RESOURCE, null, null));
      filters.add(filter(big, status, null, null, null, null, weekAgo));
      filters.add(filter(big, status, null, one, null, weekAgo, null));
    }
    return filters;
  }

  private static DeliveryFilter filter(
      UUID tenant,
      @Nullable DeliveryStatus status,
      @Nullable String event,
      @Nullable UUID subscription,
      @Nullable String resource,
      @Nullable Instant since,
      @Nullable Instant until) {
    return new DeliveryFilter(tenant, status, event, subscription, resource, since, until);
  }

  private static String named(DeliveryFilter filter) {
    List<String> parts = new ArrayList<>();
    parts.add(
        filter.tenantId().equals(LogRows.TENANT)
            ? "big tenant"
            : filter.tenantId().equals(LogRows.tenant(17)) ? "small tenant" : "unknown tenant");
    parts.add(filter.status() == null ? "" : filter.status().word());
    parts.add(filter.event() == null ? "" : filter.event());
    UUID subscription = filter.subscriptionId();
    parts.add(
        subscription == null
            ? ""
            : subscription.equals(LogRows.EVERYTHING) ? "subscription to *" : "one subscription");
    parts.add(filter.resourceId() == null ? "" : filter.resourceId());
    parts.add(filter.since() == null ? "" : "since");
    parts.add(filter.until() == null ? "" : "until");
    parts.removeIf(String::isEmpty);
    return String.join(", ", parts);
  }

  private static List<UUID> plain(DeliveryFilter filter, int limit) {
    return pool()
        .jdbi()
        .withHandle(handle ->
            handle
                .createQuery(
                    """
                    select id from delivery_log
                    where tenant_id = :tenant and (:status::text is null or status = :status)
                      and (:event::text is null or event = :event)
                      and (:subscription::uuid is null or subscription_id = :subscription)
                      and (:resource::text is null or resource_id = :resource)
                      and (:since::timestamptz is null or id >= uuid_v7_at(:since))
                      and (:until::timestamptz is null or id < uuid_v7_at(:until))
                    order by id desc limit :limit
                    """)
                .bind("tenant", filter.tenantId())
                .bind("status", filter.status() == null ? null : filter.status().word())
                .bind("event", filter.event())
                .bind("subscription", filter.subscriptionId())
                .bind("resource", filter.resourceId())
                .bind("since", filter.since())
                .bind("until", filter.until())
                .bind("limit", limit)
                .mapTo(UUID.class)
                .list());
  }
}
