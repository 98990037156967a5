package io.outboxworker.webhook;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

  // Link-local and the clouds' metadata services.
  private static final List<Cidr> NEVER =
      all(
          "169.254.0.0/16",
          "168.63.129.16/32",
          "100.100.100.200/32",
          "192.0.0.192/32",
          "fe80::/10",
          "fd00:ec2::/32",
          "fd20:ce::254/128",
          "fd00:42::42/128");

  private static final int[] LAST_FOUR = {12, 13, 14, 15};

  /** Where IPv6 carries an IPv4 address to which a gateway or a tunnel would pass the packet on. */
  private static final Map<Cidr, List<int[]>> WRAPPINGS =
      Map.of(
          Cidr.parse("::/96"), List.of(LAST_FOUR),
          Cidr.parse("::ffff:0:0:0/96"), List.of(LAST_FOUR),
          Cidr.parse("64:ff9b::/96"), List.of(LAST_FOUR),
          // NAT64 of a site's own: the form depends on the length of its prefix (RFC 6052).
          Cidr.parse("64:ff9b:1::/48"),
              List.of(
                  new int[] {6, 7, 9, 10},
                  new int[] {7, 9, 10, 11},
                  new int[] {9, 10, 11, 12},
                  LAST_FOUR),
          Cidr.parse("2002::/16"), List.of(new int[] {2, 3, 4, 5}));

  private static final Cidr TEREDO = Cidr.parse("2001::/32");

  private AddressRanges() {}

  /** Whether anybody on the internet may have this address. */
  static boolean isPublic(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return !holds(NOT_PUBLIC_IPV4, bytes);
    }
    return GLOBAL_IPV6.contains(bytes)
        && !holds(NOT_PUBLIC_IPV6, bytes)
        && embedded(address).stream().allMatch(AddressRanges::isPublic);
  }

  /**
   * Whether the address stays closed even inside a network that the operator opened, in whatever
   * IPv6 it is wrapped.
   */
  static boolean isNeverOpen(InetAddress address) {
    return holds(NEVER, address.getAddress())
        || embedded(address).stream().anyMatch(AddressRanges::isNeverOpen);
  }

  /** The IPv4 addresses that an IPv6 address may lead to; none for an IPv4 address. */
  static List<InetAddress> embedded(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return List.of();
    }
    List<InetAddress> found = new ArrayList<>(0);
    WRAPPINGS.forEach((prefix, forms) -> {
      if (prefix.contains(bytes)) {
        forms.forEach(form -> found.add(ipv4(bytes, form, 0)));
      }
    });
    if (TEREDO.contains(bytes)) {
      found.add(ipv4(bytes, new int[] {4, 5, 6, 7}, 0));
      // The client's address is written with its bits inverted.
      found.add(ipv4(bytes, LAST_FOUR, 0xff));
    }
    if (isIsatap(bytes)) {
      found.add(ipv4(bytes, LAST_FOUR, 0));
    }
    return found;
  }

  /** An interface named 0000:5efe or 0200:5efe behind any prefix (RFC 5214). */
  private static boolean isIsatap(byte[] bytes) {
    return (bytes[8] & 0xfd) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == (byte) 0xfe;
  }

  private static InetAddress ipv4(byte[] bytes, int[] places, int mask) {
    byte[] address = new byte[4];
    for (int i = 0; i < address.length; i++) {
      address[i] = (byte) (bytes[places[i]] ^ mask);
    }
    return Literals.address(address);
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
