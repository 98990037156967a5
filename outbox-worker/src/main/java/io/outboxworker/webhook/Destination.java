package io.outboxworker.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
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

  // Inherited by the virtual threads that the HTTP client starts from the sending one. That rests
  // on
  // the JVM keeping no names itself, which EndpointGuard.install proves: a name kept by the JVM
  // would be used without asking. Where no destination is found the installed guard judges the
  // address by itself, so a lost thread can loosen the rule about ports but not open a network.
  private static final ThreadLocal<@Nullable Destination> CURRENT = new InheritableThreadLocal<>();

  private final EndpointGuard guard;
  private final String host;
  private final int port;
  private volatile Lookup lookup = Lookup.OPEN;

  Destination(EndpointGuard guard, String host, int port) {
    this.guard = guard;
    this.host = host;
    this.port = port;
  }

  /** The destination that the current thread resolves this host for, if any. */
  static @Nullable Destination of(String host) {
    Destination current = CURRENT.get();
    return current != null && current.host.equalsIgnoreCase(host) ? current : null;
  }

  /** Runs an action whose lookups, also on threads it starts, are for this destination. */
  <T> T during(Supplier<T> action) {
    CURRENT.set(this);
    try {
      return action.get();
    } finally {
      CURRENT.remove();
    }
  }

  /** Resolves the host as a send would, within the time that the resolver allows. */
  Lookup resolve() {
    return during(() -> {
      try {
        InetAddress.getAllByName(host);
      } catch (UnknownHostException e) {
        // What happened was noted by addresses().
      }
      return lookup;
    });
  }

  /** What came of the last lookup; OPEN before the first. */
  Lookup lookup() {
    return lookup;
  }

  /** The addresses to connect to; one that is not open refuses all of them. */
  List<InetAddress> addresses(NameLookup names) throws UnknownHostException {
    List<InetAddress> addresses = noted(names);
    for (InetAddress address : addresses) {
      if (!guard.opens(host, address, port)) {
        lookup = Lookup.REFUSED;
        throw new UnknownHostException(EndpointGuard.ADDRESS_NOT_ALLOWED);
      }
    }
    lookup = Lookup.OPEN;
    return addresses;
  }

  private List<InetAddress> noted(NameLookup names) throws UnknownHostException {
    try {
      return names.addresses(host);
    } catch (NameLookup.TooSlow e) {
      lookup = Lookup.TOO_SLOW;
      throw e;
    } catch (UnknownHostException e) {
      lookup = Lookup.UNKNOWN;
      throw e;
    }
  }
}
