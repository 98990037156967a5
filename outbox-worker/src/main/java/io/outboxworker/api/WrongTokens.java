package io.outboxworker.api;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Supplier;

/**
 * How many different wrong tokens may come from one address: nobody can guess 256 bits, but each
 * guess would cost a query. Whoever tried too many is refused unasked, but for tokens that were
 * right before, since behind a proxy all have its address. A client that repeats a revoked token is
 * no guesser, and costs its neighbours nothing. Thread-safe.
 */
final class WrongTokens {
  private static final int AT_ONCE = 100;
  private static final int PER_MINUTE = 10;
  private static final Duration KEPT = Duration.ofMinutes(1);

  /** What a provider gives to one customer, who has all addresses in it. */
  private static final int IPV6_NETWORK_BYTES = 8;

  private final RateLimit limit =
      new RateLimit(PER_MINUTE / 60.0, AT_ONCE, "too many wrong tokens came from this address");

  private final Memory<Boolean> wrong = new Memory<>(KEPT);

  /**
   * Looks up a token that is not known to be right.
   *
   * @param lookup throws a 401 where it is wrong
   */
  Caller counted(String address, String token, Supplier<Caller> lookup) {
    if (wrong.fresh(token) != null) {
      throw Authentication.unauthorized();
    }
    String network = network(address);
    limit.check(network);
    try {
      return lookup.get();
    } catch (Problem problem) {
      if (problem.kind() == Problem.Kind.UNAUTHORIZED) {
        wrong.put(token, true);
        limit.take(network);
      }
      throw problem;
    }
  }

  private static String network(String address) {
    try {
      // Text that is an address, of which no resolver is asked.
      InetAddress parsed = InetAddress.getByName(address);
      return parsed instanceof Inet6Address
          ? HexFormat.of().formatHex(Arrays.copyOf(parsed.getAddress(), IPV6_NETWORK_BYTES))
          : address;
    } catch (UnknownHostException e) {
      return address;
    }
  }
}
