package io.outboxworker.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolver.LookupPolicy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Asks DNS for webhooks' hosts: at most 3 seconds for whoever waits, once for all who ask at the
 * same time, on a bounded pool; answers are kept for 30 seconds, failures not at all.
 */
final class NameLookup {
  private static final Duration BUDGET = Duration.ofSeconds(3);
  private static final Duration KEPT = Duration.ofSeconds(30);
  private static final int KEPT_NAMES = 10_000;
  private static final int THREADS = 64;
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

    boolean isOver() {
      return addresses.isDone() && System.nanoTime() - arrived > KEPT.toNanos();
    }
  }

  private final InetAddressResolver dns;
  private final LookupPolicy policy;
  private final Executor threads = threads();
  private final ConcurrentHashMap<String, Answer> answers = new ConcurrentHashMap<>();

  NameLookup(InetAddressResolver dns, LookupPolicy policy) {
    this.dns = dns;
    this.policy = policy;
  }

  /**
   * The addresses of the host, IPv4 and IPv6 in the order the JVM prefers, at least one; done at
   * once where they are known, completed with an UnknownHostException where there are none in time.
   */
  CompletableFuture<List<InetAddress>> ask(String host) {
    Answer known = answers.get(host);
    Answer answer = known == null || known.isOver() ? begin(host) : known;
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
    CompletableFuture.delayedExecutor(BUDGET.toMillis(), TimeUnit.MILLISECONDS, Runnable::run)
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

  private Answer begin(String host) {
    makeRoom();
    Answer mine = new Answer();
    Answer theirs = answers.compute(host, (name, old) -> old == null || old.isOver() ? mine : old);
    if (theirs == mine) {
      try {
        threads.execute(() -> resolve(host, mine));
      } catch (RejectedExecutionException e) {
        fail(host, mine, e);
      }
    }
    return theirs;
  }

  private void resolve(String host, Answer answer) {
    try {
      List<InetAddress> addresses = dns.lookupByName(host, policy).toList();
      if (addresses.isEmpty()) {
        throw new UnknownHostException(host);
      }
      answer.arrived = System.nanoTime();
      answer.addresses.complete(addresses);
    } catch (UnknownHostException | RuntimeException e) {
      fail(host, answer, e);
    }
  }

  private void fail(String host, Answer answer, Exception cause) {
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

  private static Executor threads() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(QUEUED),
            Thread.ofPlatform()
                .daemon()
                .inheritInheritableThreadLocals(false)
                .name("dns-", 0)
                .factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }
}
