package io.outboxworker.webhook;

import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/** Which addresses are public, and which are opened to nobody; both by the registries of IANA. */
final class AddressRanges {
  // The JDK's own isSiteLocalAddress and its like miss fc00::/7, 100.64/10, 240/4, NAT64 and more.
  private static final List<Cidr> NOT_PUBLIC_IPV4 =
      all(
          "0.0.0.0/8",
          "10.0.0.0/8",
          "100.64.0.0/10",
          "127.0.0.0/8",
          "169.254.0.0/16",
          "172.16.0.0/12",
          "192.0.0.0/24",
          "192.0.2.0/24",
          "192.31.196.0/24",
          "192.52.193.0/24",
          "192.88.99.0/24",
          "192.168.0.0/16",
          "192.175.48.0/24",
          "198.18.0.0/15",
          "198.51.100.0/24",
          "203.0.113.0/24",
          "224.0.0.0/4",
          "240.0.0.0/4",
          "168.63.129.16/32");

  private static final Cidr GLOBAL_IPV6 = Cidr.parse("2000::/3");
  private static final List<Cidr> NOT_PUBLIC_IPV6 =
      all("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48");

  // Link-local and the clouds' metadata services, also where IPv6 wraps their IPv4 addresses.
  private static final List<Cidr> NEVER =
      all(
          "169.254.0.0/16",
          "168.63.129.16/32",
          "100.100.100.200/32",
          "192.0.0.192/32",
          "fe80::/10",
          "fd00:ec2::/32",
          "fd20:ce::254/128",
          "64:ff9b::a9fe:0/112",
          "64:ff9b::a83f:8110/128",
          "64:ff9b::6464:64c8/128",
          "2002:a9fe::/32");

  private AddressRanges() {}

  /** Whether anybody on the internet may have this address. */
  static boolean isPublic(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return !holds(NOT_PUBLIC_IPV4, bytes);
    }
    return GLOBAL_IPV6.contains(bytes) && !holds(NOT_PUBLIC_IPV6, bytes);
  }

  /** Whether the address stays closed even inside a network that the operator opened. */
  static boolean isNeverOpen(InetAddress address) {
    return holds(NEVER, address.getAddress());
  }

  /** Whether one of the networks holds the address. */
  static boolean holds(List<Cidr> networks, byte[] address) {
    for (Cidr network : networks) {
      if (network.contains(address)) {
        return true;
      }
    }
    return false;
  }

  private static List<Cidr> all(String... networks) {
    return Stream.of(networks).map(Cidr::parse).toList();
  }
}
