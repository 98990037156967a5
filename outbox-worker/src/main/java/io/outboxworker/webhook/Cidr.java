package io.outboxworker.webhook;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** A network: those addresses that share its first {@code prefix} bits. */
public record Cidr(InetAddress network, int prefix) {
  /** Refuses a prefix that the address has no room for, and bits of a host behind the prefix. */
  public Cidr {
    byte[] bytes = network.getAddress();
    if (prefix < 0 || prefix > bytes.length * 8) {
      throw new IllegalArgumentException(
          "prefix length /%d is not between 0 and %d".formatted(prefix, bytes.length * 8));
    }
    for (int bit = prefix; bit < bytes.length * 8; bit++) {
      if ((bytes[bit / 8] & (0x80 >> bit % 8)) != 0) {
        throw new IllegalArgumentException("has bits set behind its prefix length /" + prefix);
      }
    }
  }

  /**
   * Reads {@code 10.0.0.0/8}, {@code fd00::/8}, or a single address; IllegalArgumentException names
   * the value and what is wrong with it.
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    InetAddress network = literal(address);
    if (network == null || (address.contains(":") && network.getAddress().length == 4)) {
      throw new IllegalArgumentException(
          "\"%s\" is not a network, write one like 10.0.0.0/8 or fd00::/8".formatted(text));
    }
    try {
      int whole = network.getAddress().length * 8;
      return new Cidr(network, slash < 0 ? whole : prefix(text.substring(slash + 1)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("\"%s\" %s".formatted(text, e.getMessage()), e);
    }
  }

  /** Whether the address lies in this network; never true across IPv4 and IPv6. */
  public boolean contains(InetAddress address) {
    return contains(address.getAddress());
  }

  boolean contains(byte[] theirs) {
    byte[] ours = network.getAddress();
    if (ours.length != theirs.length) {
      return false;
    }
    int whole = prefix / 8;
    for (int i = 0; i < whole; i++) {
      if (ours[i] != theirs[i]) {
        return false;
      }
    }
    return prefix % 8 == 0 || ((ours[whole] ^ theirs[whole]) & 0xff) >> (8 - prefix % 8) == 0;
  }

  @Override
  public String toString() {
    return network.getHostAddress() + "/" + prefix;
  }

  private static @Nullable InetAddress literal(String text) {
    return text.contains(":") ? Literals.ipv6(text) : Literals.ipv4(text);
  }

  private static int prefix(String digits) {
    if (!digits.matches("[0-9]{1,3}")) {
      throw new IllegalArgumentException("has no prefix length after its slash");
    }
    return Integer.parseInt(digits);
  }
}
