package io.outboxworker.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where one send wants to go. The resolver meets it on the threads that work for this send and asks
 * it about every address, so that host, address and port are judged together at connect time.
 */
final class Destination {
  /** What came of resolving the name. */
  enum Lookup {
    OPEN,
    REFUSED,
    UNKNOWN,
    TOO_SLOW
  }

  // Follows the work of a send from thread to thread (see Threads). That rests on the JVM keeping
  // no
  // names itself, which GuardedResolver proves: a name kept by the JVM would be used without
  // asking.
  // Where no destination is found the installed guard judges the address by itself, so a lost
  // thread
  // could loosen the rule about ports but not open a network.
  private static final ThreadLocal<@Nullable Destination> CURRENT = new ThreadLocal<>();

  private final EndpointGuard guard;
  private final EndpointUrl url;
  private volatile Lookup lookup = Lookup.OPEN;
  private volatile @Nullable List<InetAddress> found;

  Destination(EndpointGuard guard, EndpointUrl url) {
    this.guard = guard;
    this.url = url;
  }

  /** The destination that the current thread resolves this host for, if any. */
  static @Nullable Destination of(String host) {
    Destination current = CURRENT.get();
    return current != null && current.url.host().equalsIgnoreCase(host) ? current : null;
  }

  /** The task, to be run on any thread, with the present thread's destination. */
  static Runnable carriedBy(Runnable task) {
    Destination current = CURRENT.get();
    return current == null
        ? task
        : () ->
            current.during(() -> {
              task.run();
              return current;
            });
  }

  /** Runs an action whose lookups, also in tasks that it hands on, are for this destination. */
  <T> T during(Supplier<T> action) {
    Destination before = CURRENT.get();
    CURRENT.set(this);
    try {
      return action.get();
    } finally {
      if (before == null) {
        CURRENT.remove();
      } else {
        CURRENT.set(before);
      }
    }
  }

  /**
   * Resolves the host beforehand, so that the HTTP client, which waits for DNS in line, finds the
   * answer waiting. Done already for a literal and for a name that is known.
   */
  CompletableFuture<Lookup> resolved() {
    if (url.literal() != null) {
      return CompletableFuture.completedFuture(Lookup.OPEN);
    }
    return GuardedResolver.names()
        .ask(url.host())
        .handle((addresses, failure) -> judge(addresses, failure));
  }

  /** Nobody answered there: the next attempt asks DNS again, in case the host has moved. */
  void forget() {
    if (found != null) {
      GuardedResolver.names().forget(url.host());
    }
  }

  /** What came of the last lookup; OPEN before the first. */
  Lookup lookup() {
    return lookup;
  }

  /**
   * The addresses to connect to; none where one of them is not open, or DNS has none. It must not
   * throw then: for {@code localhost} the JDK answers every exception with 127.0.0.1.
   */
  List<InetAddress> addresses(NameLookup names) {
    try {
      List<InetAddress> known = found;
      List<InetAddress> addresses = known == null ? names.addresses(url.host()) : known;
      return judge(addresses, null) == Lookup.OPEN ? addresses : List.of();
    } catch (UnknownHostException e) {
      judge(null, e);
      return List.of();
    }
  }

  private Lookup judge(@Nullable List<InetAddress> addresses, @Nullable Throwable failure) {
    if (addresses == null) {
      lookup = failure instanceof NameLookup.TooSlow ? Lookup.TOO_SLOW : Lookup.UNKNOWN;
    } else {
      lookup =
          addresses.stream().allMatch(address -> guard.opens(url, address))
              ? Lookup.OPEN
              : Lookup.REFUSED;
      found = addresses;
    }
    return lookup;
  }
}
