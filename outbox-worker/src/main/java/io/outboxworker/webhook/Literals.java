package io.outboxworker.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** IP addresses as text, read without ever asking DNS. */
final class Literals {
  private Literals() {}

  /** Four decimal octets without leading zeros, the one spelling every reader agrees on. */
  static @Nullable InetAddress ipv4(String text) {
    byte[] address = new byte[4];
    int octet = 0;
    int value = -1;
    for (int i = 0; i <= text.length(); i++) {
      char c = i == text.length() ? '.' : text.charAt(i);
      if (c == '.') {
        if (value < 0 || octet == 4) {
          return null;
        }
        address[octet++] = (byte) value;
        value = -1;
      } else if (c < '0'
          || c > '9'
          || value == 0
          || (value = Math.max(value, 0) * 10 + c - '0') > 255) {
        return null;
      }
    }
    return octet == 4 ? address(address) : null;
  }

  /** An IPv6 address without brackets and without a zone; a mapped IPv4 comes back as IPv4. */
  static @Nullable InetAddress ipv6(String text) {
    if (!text.matches("[0-9a-fA-F:.]+")) {
      return null;
    }
    try {
      // In brackets the JDK takes it for a literal or nothing: DNS is not asked.
      return InetAddress.getAllByName("[" + text + "]")[0];
    } catch (UnknownHostException e) {
      return null;
    }
  }

  /** The IPv4 address of four bytes. */
  static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
