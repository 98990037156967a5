package io.outboxworker.webhook;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The worker's own listeners and its databases: what no webhook may reach, by address and port.
 * Thread-safe.
 */
final class OwnServices {
  private final List<InetSocketAddress> services;
  private final Map<String, List<InetAddress>> lastKnown = new ConcurrentHashMap<>();

  OwnServices(Collection<InetSocketAddress> services) {
    this.services = List.copyOf(services);
  }

  /**
   * Whether one of them listens there. DNS is asked, for up to 3 seconds, where the port is that of
   * a service known by its name: a database that fails over moves to another address.
   */
  boolean isAt(InetAddress address, int port) {
    for (InetSocketAddress service : services) {
      if (service.getPort() == port && mayBe(service, address)) {
        return true;
      }
    }
    return false;
  }

  private boolean mayBe(InetSocketAddress service, InetAddress address) {
    if (!service.isUnresolved()) {
      return isSame(service.getAddress(), address, service.getAddress().isAnyLocalAddress());
    }
    List<InetAddress> known = addresses(service.getHostString());
    // Where nobody knows what is ours, nothing on its port is opened.
    return known == null
        // On which of this machine's addresses a server listens is not in its name.
        || known.stream().anyMatch(own -> isSame(own, address, isThisMachine(own)));
  }

  private @Nullable List<InetAddress> addresses(String host) {
    InetAddress literal = host.contains(":") ? Literals.ipv6(host) : Literals.ipv4(host);
    if (literal != null) {
      return List.of(literal);
    }
    try {
      List<InetAddress> found = GuardedResolver.names().addresses(host);
      lastKnown.put(host, found);
      return found;
    } catch (UnknownHostException e) {
      return lastKnown.get(host);
    }
  }

  private static boolean isSame(InetAddress own, InetAddress address, boolean onEveryAddress) {
    return own.equals(address)
        || AddressRanges.embedded(address).contains(own)
        || (onEveryAddress && isThisMachine(address))
        // Connecting to the wildcard address reaches this machine, too.
        || (address.isAnyLocalAddress() && isThisMachine(own));
  }

  private static boolean isThisMachine(InetAddress address) {
    try {
      return address.isLoopbackAddress()
          || address.isAnyLocalAddress()
          || NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException e) {
      return true;
    }
  }
}
