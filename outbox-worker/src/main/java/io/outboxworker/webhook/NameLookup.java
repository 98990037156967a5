package io.outboxworker.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolver.LookupPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Asks DNS for webhooks' hosts: at most 3 seconds for whoever waits, once for all who ask at the
 * same time, on bounded pools; answers are kept for 30 seconds, failures not at all. A name whose
 * lookup took longer is asked for on a small pool of its own from then on, and a lookup that hangs
 * makes room for another one: many that hang hold up one another and nobody else.
 */
final class NameLookup {
  private static final Duration BUDGET = Duration.ofSeconds(3);
  private static final Duration KEPT = Duration.ofSeconds(30);
  private static final int KEPT_NAMES = 10_000;
  private static final int THREADS = 64;
  private static final int THREADS_WHILE_LOOKUPS_HANG = 512;
  private static final int SLOW_THREADS = 32;
  private static final int QUEUED = 10_000;

  /** No answer within the budget. */
  static final class TooSlow extends UnknownHostException {
    TooSlow(String host) {
      super(host + " was not resolved within " + BUDGET.toSeconds() + " s");
    }
  }

  private static final class Answer {
    private final CompletableFuture<List<InetAddress>> addresses = new CompletableFuture<>();
    private volatile long arrived;
    private volatile long wantedUntil;

    Answer(Duration budget) {
      wantUntil(budget);
    }

    void wantUntil(Duration budget) {
      wantedUntil = System.nanoTime() + budget.toNanos();
    }

    boolean isWanted() {
      return System.nanoTime() - wantedUntil <= 0;
    }

    boolean isOver() {
      return addresses.isDone() && System.nanoTime() - arrived > KEPT.toNanos();
    }
  }

  private final InetAddressResolver dns;
  private final LookupPolicy policy;
  private final Duration budget;
  private final ThreadPoolExecutor threads = threads("dns-", THREADS);
  private final ThreadPoolExecutor slowThreads = threads("dns-slow-", SLOW_THREADS);
  private final ConcurrentHashMap<String, Answer> answers = new ConcurrentHashMap<>();

  private int hanging;

  /** Names whose last lookup took longer than anybody waits. */
  private final Set<String> slow = ConcurrentHashMap.newKeySet();

  NameLookup(InetAddressResolver dns, LookupPolicy policy) {
    this(dns, policy, BUDGET);
  }

  NameLookup(InetAddressResolver dns, LookupPolicy policy, Duration budget) {
    this.dns = dns;
    this.policy = policy;
    this.budget = budget;
  }

  /**
   * The addresses of the host, IPv4 and IPv6 in the order the JVM prefers, at least one; done at
   * once where they are known, completed with an UnknownHostException where there are none in time.
   */
  CompletableFuture<List<InetAddress>> ask(String host) {
    Answer known = answers.get(host);
    Answer answer = known == null || known.isOver() ? begin(host) : known;
    answer.wantUntil(budget);
    if (answer.addresses.isDone()) {
      return answer.addresses;
    }
    // Who stops waiting must not stop the lookup: others wait for it, too.
    CompletableFuture<List<InetAddress>> mine = new CompletableFuture<>();
    var unused =
        answer.addresses.whenComplete((addresses, failure) -> {
          if (failure == null) {
            mine.complete(addresses);
          } else {
            mine.completeExceptionally(failure);
          }
        });
    CompletableFuture.delayedExecutor(budget.toMillis(), TimeUnit.MILLISECONDS, Runnable::run)
        .execute(() -> mine.completeExceptionally(new TooSlow(host)));
    return mine;
  }

  /** The same, waited for. */
  List<InetAddress> addresses(String host) throws UnknownHostException {
    try {
      return ask(host).join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof UnknownHostException unknown
          ? unknown
          : new UnknownHostException(host);
    }
  }

  /** Drops what is known of the host, because nobody was there: it may have moved. */
  void forget(String host) {
    Answer known = answers.get(host);
    if (known != null && known.addresses.isDone()) {
      answers.remove(host, known);
    }
  }

  private Answer begin(String host) {
    makeRoom();
    Answer mine = new Answer(budget);
    Answer theirs = answers.compute(host, (name, old) -> old == null || old.isOver() ? mine : old);
    if (theirs == mine) {
      try {
        boolean wasSlow = slow.contains(host);
        (wasSlow ? slowThreads : threads).execute(() -> resolve(host, mine, wasSlow));
      } catch (RejectedExecutionException | OutOfMemoryError e) {
        // No room, or the system has no thread left: who comes next may find one.
        fail(host, mine, e);
      }
    }
    return theirs;
  }

  private void resolve(String host, Answer answer, boolean wasSlow) {
    if (!answer.isWanted()) {
      fail(host, answer, new TooSlow(host));
      return;
    }
    try {
      List<InetAddress> addresses = timed(host, wasSlow);
      if (addresses.isEmpty()) {
        throw new UnknownHostException(host);
      }
      answer.arrived = System.nanoTime();
      answer.addresses.complete(addresses);
    } catch (UnknownHostException | RuntimeException | Error e) {
      fail(host, answer, e);
    }
  }

  private List<InetAddress> timed(String host, boolean wasSlow) throws UnknownHostException {
    long begun = System.nanoTime();
    Running running = new Running();
    if (!wasSlow) {
      CompletableFuture.delayedExecutor(
              budget.dividedBy(6).toMillis(), TimeUnit.MILLISECONDS, Runnable::run)
          .execute(running::hangs);
    }
    try {
      return dns.lookupByName(host, policy).toList();
    } finally {
      running.ends();
      if (System.nanoTime() - begun <= budget.toNanos()) {
        slow.remove(host);
      } else {
        if (slow.size() >= KEPT_NAMES) {
          slow.clear();
        }
        slow.add(host);
      }
    }
  }

  /** A lookup that hangs does not count among those that may run: another one may. */
  private final class Running {
    private boolean hangs;
    private boolean ended;

    synchronized void hangs() {
      if (!ended) {
        hangs = true;
        resize(1);
      }
    }

    synchronized void ends() {
      ended = true;
      if (hangs) {
        resize(-1);
      }
    }
  }

  private void resize(int more) {
    synchronized (threads) {
      hanging += more;
      int most = Math.min(THREADS + hanging, THREADS_WHILE_LOOKUPS_HANG);
      if (most > threads.getMaximumPoolSize()) {
        threads.setMaximumPoolSize(most);
        threads.setCorePoolSize(most);
      } else {
        threads.setCorePoolSize(most);
        threads.setMaximumPoolSize(most);
      }
    }
  }

  private void fail(String host, Answer answer, Throwable cause) {
    answers.remove(host, answer);
    answer.addresses.completeExceptionally(cause);
  }

  private void makeRoom() {
    if (answers.size() >= KEPT_NAMES) {
      answers.values().removeIf(Answer::isOver);
      if (answers.size() >= KEPT_NAMES) {
        answers.clear();
      }
    }
  }

  private static ThreadPoolExecutor threads(String name, int most) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            most,
            most,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(QUEUED),
            Thread.ofPlatform()
                .daemon()
                .inheritInheritableThreadLocals(false)
                .name(name, 0)
                .factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }
}
