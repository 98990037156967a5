package io.outboxworker.webhook;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides what webhooks may reach: when a URL is saved, before each send, and when its host name is
 * resolved to the address that is connected to; thread-safe.
 *
 * <p>No decision is a snapshot that DNS could outlive: the address which {@link GuardedResolver}
 * hands to the HTTP client is the one that was judged, together with the port of that very send.
 */
public final class EndpointGuard {
  static final String ADDRESS_NOT_ALLOWED = "endpoint address is not allowed";

  private final EgressRules rules;
  private final OwnServices ours;
  private volatile String ownName = "localhost";

  /** A guard by these rules. */
  public EndpointGuard(EgressRules rules) {
    this.rules = rules;
    this.ours = new OwnServices(rules.neverOpen());
  }

  /**
   * Makes this guard the one that judges every host name the JVM resolves outside of a send, in
   * place of an earlier one. IllegalStateException where the JVM keeps names itself or does not ask
   * us, since then no rule would hold.
   */
  public void install() {
    Sender.prepareJvm();
    ownName = ownName();
    GuardedResolver.install(this);
  }

  /**
   * Everything that is wrong with a URL as an endpoint, empty where nothing is. Asks DNS for up to
   * 3 seconds; a name that can't be resolved now has no fault, for each send judges it again.
   */
  public List<String> faults(String url) {
    EndpointUrl endpoint = EndpointUrl.read(url, rules.allowHttp());
    if (!endpoint.faults().isEmpty()) {
      return endpoint.faults();
    }
    InetAddress literal = endpoint.literal();
    if (literal != null) {
      return literalFaults(endpoint, literal);
    }
    return nameFaults(endpoint);
  }

  /**
   * Why nothing may be sent to this URL, judged without asking DNS; null where its form, port and
   * literal address are allowed. A name is judged when it is resolved.
   */
  public @Nullable String forbids(URI url) {
    return forbids(read(url));
  }

  /** The URL by this guard's rules of form. */
  EndpointUrl read(URI url) {
    return EndpointUrl.read(url, rules.allowHttp());
  }

  @Nullable String forbids(EndpointUrl endpoint) {
    return forbids(endpoint, !rules.allowedNetworks().isEmpty());
  }

  /**
   * The same where a proxy resolves the name: nobody will judge the address, so that no allowed
   * network makes up for the name's port and form.
   */
  @Nullable String forbidsUnresolved(EndpointUrl endpoint) {
    return forbids(endpoint, false);
  }

  private @Nullable String forbids(EndpointUrl endpoint, boolean addressDecides) {
    if (!endpoint.faults().isEmpty()) {
      return endpoint.faults().get(0);
    }
    InetAddress literal = endpoint.literal();
    if (literal != null) {
      return opens(endpoint, literal) ? null : ADDRESS_NOT_ALLOWED;
    }
    List<String> closed = addressDecides ? List.of() : closedByName(endpoint);
    return closed.isEmpty() ? null : closed.get(0);
  }

  /** Whether a send to this host and port may connect to this address. */
  boolean opens(EndpointUrl endpoint, InetAddress address) {
    boolean open =
        opens(address)
            && (isAllowedNetwork(address)
                || (rules.allowedPorts().contains(endpoint.port()) && !endpoint.isLocalName()));
    return open && !ours.isAt(address, endpoint.port());
  }

  /** Whether any host and port at this address could be opened. */
  boolean opens(InetAddress address) {
    return !AddressRanges.isNeverOpen(address)
        && (isAllowedNetwork(address) || AddressRanges.isPublic(address));
  }

  /** Whether this process itself has a reason to resolve the name. */
  boolean isInfrastructure(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    return name.equals("localhost")
        || name.equals(ownName)
        || rules.infrastructureHosts().contains(name);
  }

  private List<String> literalFaults(EndpointUrl endpoint, InetAddress literal) {
    if (!opens(literal) || ours.isAt(literal, endpoint.port())) {
      return List.of(notPublic("address \"%s\" is not allowed".formatted(endpoint.host())));
    }
    return opens(endpoint, literal) ? List.of() : List.of(portFault(endpoint.port()));
  }

  private List<String> nameFaults(EndpointUrl endpoint) {
    List<String> closed = closedByName(endpoint);
    if (!closed.isEmpty() && rules.allowedNetworks().isEmpty()) {
      return closed;
    }
    return switch (new Destination(this, endpoint).resolved().join()) {
      case OPEN -> List.of();
      case REFUSED ->
          List.of(
              notPublic(
                  "host \"%s\" leads to an address that is not allowed on port %d"
                      .formatted(endpoint.host(), endpoint.port())));
      case UNKNOWN, TOO_SLOW -> closed;
    };
  }

  /** What only an address in an allowed network could make up for. */
  private List<String> closedByName(EndpointUrl endpoint) {
    List<String> faults = new ArrayList<>(0);
    if (endpoint.isLocalName()) {
      faults.add(
          notPublic("host \"%s\" is not a name of the public internet".formatted(endpoint.host())));
    }
    if (!rules.allowedPorts().contains(endpoint.port())) {
      faults.add(portFault(endpoint.port()));
    }
    return faults;
  }

  private String notPublic(String what) {
    return what
        + (rules.allowedNetworks().isEmpty()
            ? ", allowed are public addresses"
            : ", allowed are public addresses and the networks that the operator opened");
  }

  private String portFault(int port) {
    String allowed =
        rules.allowedPorts().stream()
            .sorted()
            .map(String::valueOf)
            .collect(Collectors.joining(", "));
    return "port %d is not allowed, allowed for public addresses: %s".formatted(port, allowed);
  }

  private boolean isAllowedNetwork(InetAddress address) {
    return !rules.allowedNetworks().isEmpty()
        && AddressRanges.holds(rules.allowedNetworks(), address.getAddress());
  }

  /** Libraries ask for it, to sign their log lines and rows. */
  private static String ownName() {
    try {
      return InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
