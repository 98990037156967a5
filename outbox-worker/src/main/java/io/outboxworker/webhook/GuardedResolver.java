package io.outboxworker.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The JVM's resolver of host names (found by the service loader): judges every address before
 * anything can connect to it. Until a guard is installed it passes all names that no send asks for.
 */
public final class GuardedResolver extends InetAddressResolverProvider {
  private static final String PROBE = "probe.outbox-worker.invalid";
  private static final AtomicLong PROBED = new AtomicLong();
  private static volatile @Nullable EndpointGuard installed;
  private static volatile @Nullable InetAddressResolver otherDns;
  private static volatile @Nullable NameLookup names;

  /** From now on this guard judges what no send asks for; fails where it would not be asked. */
  static void install(EndpointGuard guard) {
    long before = PROBED.get();
    probe();
    probe();
    if (PROBED.get() < before + 2) {
      throw new IllegalStateException(
          "host names are kept by the JVM or resolved past the guard: call Sender.prepareJvm()"
              + " before anything resolves a name, or start with -Dsun.net.inetaddr.ttl=0");
    }
    installed = guard;
  }

  /** The lookups of all sends; fails where the JVM does not ask us. */
  static NameLookup names() {
    NameLookup known = names;
    if (known == null) {
      probe();
      known = names;
    }
    if (known == null) {
      throw new IllegalStateException("the JVM resolves host names past the guard");
    }
    return known;
  }

  /** Passes all names again that no send asks for. For tests. */
  static void uninstall() {
    installed = null;
  }

  /** Puts other answers in the place of the JVM's own DNS; null gives it back. For tests. */
  static void answerWith(@Nullable InetAddressResolver answers) {
    otherDns = answers;
    names = null;
  }

  @Override
  public InetAddressResolver get(Configuration configuration) {
    return new Guarded(configuration.builtinResolver());
  }

  @Override
  public String name() {
    return "outbox-worker";
  }

  private static void probe() {
    try {
      InetAddress.getAllByName(PROBE);
    } catch (UnknownHostException e) {
      // Who was asked matters, not what the answer is.
    }
  }

  private static final class Guarded implements InetAddressResolver {
    private final InetAddressResolver builtin;

    Guarded(InetAddressResolver builtin) {
      this.builtin = builtin;
    }

    @Override
    public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
        throws UnknownHostException {
      if (host.equals(PROBE)) {
        PROBED.incrementAndGet();
        if (names == null) {
          names = new NameLookup(upstream(), policy);
        }
        return Stream.of(InetAddress.getByAddress(PROBE, new byte[] {127, 0, 0, 1}));
      }
      Destination destination = Destination.of(host);
      if (destination != null) {
        return destination.addresses(names()).stream();
      }
      List<InetAddress> addresses = upstream().lookupByName(host, policy).toList();
      EndpointGuard guard = installed;
      if (guard != null
          && !guard.isInfrastructure(host)
          && !addresses.stream().allMatch(guard::opens)) {
        throw new UnknownHostException(host + ": " + EndpointGuard.ADDRESS_NOT_ALLOWED);
      }
      return addresses.stream();
    }

    @Override
    public String lookupByAddress(byte[] address) throws UnknownHostException {
      return upstream().lookupByAddress(address);
    }

    private InetAddressResolver upstream() {
      InetAddressResolver other = otherDns;
      return other == null ? builtin : other;
    }
  }
}
