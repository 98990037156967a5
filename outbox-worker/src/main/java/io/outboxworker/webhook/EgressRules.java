package io.outboxworker.webhook;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the operator lets webhooks reach: public addresses on {@code allowedPorts}, {@code
 * allowedNetworks} on every port, {@code http://} besides {@code https://} or not.
 *
 * <p>{@code neverOpen} are the worker's own listeners and its databases, closed also inside allowed
 * networks. A wildcard address stands for every address of this machine; an unresolved one for what
 * its name resolves to at the time of a send and, where that is this machine, for every address of
 * it. {@code infrastructureHosts} are the names that this process resolves for itself, outside of
 * any send: its databases, an egress proxy, an identity provider.
 */
public record EgressRules(
    boolean allowHttp,
    List<Cidr> allowedNetworks,
    Set<Integer> allowedPorts,
    Set<InetSocketAddress> neverOpen,
    Set<String> infrastructureHosts) {
  /** Copies everything and compares host names without regard to case. */
  public EgressRules {
    allowedNetworks = List.copyOf(allowedNetworks);
    allowedPorts = Set.copyOf(allowedPorts);
    neverOpen = Set.copyOf(neverOpen);
    infrastructureHosts =
        infrastructureHosts.stream()
            .map(host -> host.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
  }
}
