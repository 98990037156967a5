package io.outboxworker.delivery;

import io.outboxworker.database.Poller;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Tells viewers of new deliveries and of those that changed. A tenant's newest deliveries are
 * looked at once for all of its viewers, and not at all without any; what commits late is told when
 * it is there, since what was told is remembered and not up to where. Thread-safe.
 */
public final class DeliveryFeed implements AutoCloseable {
  /** One viewer; to be closed when it goes away. */
  public final class Viewer implements AutoCloseable {
    private final UUID tenantId;
    private final BlockingQueue<DeliveryItem> waiting = new LinkedBlockingQueue<>(MAX_WAITING);

    private Viewer(UUID tenantId) {
      this.tenantId = tenantId;
    }

    /** The next deliveries, oldest first; none where there are none within {@code limit}. */
    public List<DeliveryItem> next(Duration limit) throws InterruptedException {
      List<DeliveryItem> next = new ArrayList<>();
      DeliveryItem first = waiting.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
      if (first != null) {
        next.add(first);
        waiting.drainTo(next);
      }
      return next;
    }

    /** A viewer that reads too slowly misses the oldest, and costs no memory. */
    private void tell(DeliveryItem item) {
      while (!waiting.offer(item)) {
        waiting.poll();
      }
    }

    @Override
    public void close() {
      leave(this);
    }
  }

  /** A tenant that somebody views, and how its deliveries looked last. */
  private static final class Watched {
    private final List<Viewer> viewers = new ArrayList<>();
    private final LinkedHashMap<UUID, DeliveryItem> seen = new LinkedHashMap<>();

    Watched(List<DeliveryItem> newest) {
      newest.reversed().forEach(item -> seen.put(item.id(), item));
    }

    /** Notes how it looks now; true where it is new or looked otherwise before. */
    boolean isNews(DeliveryItem item) {
      DeliveryItem before = seen.remove(item.id());
      seen.put(item.id(), item);
      return before == null
          || !before.status().equals(item.status())
          || before.attempts() != item.attempts();
    }

    /** Those that were not final and are not among the newest any more. */
    List<UUID> unfinishedBut(List<DeliveryItem> newest) {
      Set<UUID> there = newest.stream().map(DeliveryItem::id).collect(Collectors.toSet());
      return seen.values().stream()
          .filter(item -> item.finishedAt() == null && !there.contains(item.id()))
          .map(DeliveryItem::id)
          .toList();
    }

    void forgetOldest() {
      var oldest = seen.keySet().iterator();
      for (int over = seen.size() - MAX_SEEN; over > 0; over--) {
        oldest.next();
        oldest.remove();
      }
    }
  }

  private static final int NEWEST = 200;
  private static final int MAX_SEEN = 2_000;
  private static final int MAX_WAITING = 1_000;
  private static final int MAX_VIEWERS = 20;
  private static final Duration EVERY = Duration.ofMillis(500);
  private static final Duration IDLE = Duration.ofMinutes(10);

  private final DeliveryList deliveries;
  private final Poller poller;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<UUID, Watched> watched = new HashMap<>();

  public DeliveryFeed(Jdbi jdbi) {
    deliveries = new DeliveryList(jdbi);
    poller = new Poller("feed", this::look);
  }

  /** Begins to look; nothing is told before. */
  public void start() {
    poller.start();
  }

  /**
   * Lets somebody see the tenant's deliveries from now on; empty where too many do already.
   *
   * @param after tells those as well that were made after this one, as far as they are among the
   *     newest; null for none
   */
  public Optional<Viewer> watch(UUID tenantId, @Nullable UUID after) {
    Viewer viewer = new Viewer(tenantId);
    List<DeliveryItem> newest = newest(tenantId);
    lock.lock();
    try {
      Watched tenant = watched.computeIfAbsent(tenantId, id -> new Watched(newest));
      if (tenant.viewers.size() >= MAX_VIEWERS) {
        return Optional.empty();
      }
      tenant.viewers.add(viewer);
      if (after != null) {
        newest.reversed().stream()
            .filter(
                item -> Ids.later(item.id(), after).equals(item.id()) && !item.id().equals(after))
            .forEach(viewer::tell);
      }
    } finally {
      lock.unlock();
    }
    poller.wake();
    return Optional.of(viewer);
  }

  @Override
  public void close() {
    poller.close();
  }

  private void leave(Viewer viewer) {
    lock.lock();
    try {
      Watched tenant = watched.get(viewer.tenantId);
      if (tenant != null && tenant.viewers.remove(viewer) && tenant.viewers.isEmpty()) {
        watched.remove(viewer.tenantId);
      }
    } finally {
      lock.unlock();
    }
  }

  private Duration look() {
    List<UUID> tenants;
    lock.lock();
    try {
      tenants = List.copyOf(watched.keySet());
    } finally {
      lock.unlock();
    }
    for (UUID tenant : tenants) {
      tell(tenant);
    }
    return tenants.isEmpty() ? IDLE : EVERY;
  }

  private void tell(UUID tenantId) {
    Watched tenant;
    List<UUID> older;
    List<DeliveryItem> newest = newest(tenantId);
    lock.lock();
    try {
      tenant = watched.get(tenantId);
      if (tenant == null) {
        return;
      }
      older = tenant.unfinishedBut(newest);
    } finally {
      lock.unlock();
    }
    List<DeliveryItem> found =
        new ArrayList<>(older.isEmpty() ? List.of() : deliveries.these(tenantId, older));
    found.addAll(newest.reversed());
    lock.lock();
    try {
      for (DeliveryItem item : found) {
        if (tenant.isNews(item)) {
          tenant.viewers.forEach(viewer -> viewer.tell(item));
        }
      }
      tenant.forgetOldest();
    } finally {
      lock.unlock();
    }
  }

  private List<DeliveryItem> newest(UUID tenantId) {
    return deliveries.page(DeliveryFilter.since(tenantId, null, null), null, NEWEST).items();
  }
}
