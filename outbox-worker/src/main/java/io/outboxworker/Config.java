package io.outboxworker;

import io.outboxworker.api.JwtRules;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.tracing.TracingSettings;
import io.outboxworker.upkeep.Retention;
import io.outboxworker.webhook.Cidr;
import io.outboxworker.webhook.EgressRules;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The program's configuration, read from the environment once and complete: whoever holds one holds
 * values in range. Its texts mask secrets.
 */
public record Config(
    Map<String, DatabaseSettings> databases,
    List<InetSocketAddress> databaseHosts,
    int poolSize,
    @Nullable KeyRing keyRing,
    Http http,
    Endpoints endpoints,
    Attempts attempts,
    Api api,
    Retention retention,
    boolean metricsTenantLabel,
    Duration shutdownTimeout,
    Logging logging,
    TracingSettings tracing,
    List<Setting> settings,
    List<String> warnings) {

  /** What a command can't do without; the rest may be absent, but what is there must be right. */
  public enum Need {
    DATABASE,
    KEYS
  }

  /**
   * Where to listen; port 0 is any free one, a null adminPort means that the one port serves all.
   */
  public record Http(String address, int port, @Nullable Integer adminPort) {}

  /** Which endpoints may be called, and how; the ports are those of public addresses. */
  public record Endpoints(
      boolean allowHttp,
      List<Cidr> allowedNetworks,
      SortedSet<Integer> allowedPorts,
      @Nullable InetSocketAddress proxy,
      @Nullable Path caFile,
      boolean verify) {}

  /** How deliveries are attempted, and how many at once by one worker. */
  public record Attempts(
      String source,
      List<Duration> retryDelays,
      Duration timeout,
      Duration disableAfter,
      Duration pollInterval,
      int maxInFlight,
      int maxInFlightPerSubscription) {}

  /**
   * What the REST API grants a token, who else may sign tokens (null where it is the API alone),
   * and the pages of which origins may call it from a browser.
   */
  public record Api(int requestsPerSecond, @Nullable JwtRules jwt, List<String> allowedOrigins) {}

  /** The name of the only database where OUTBOX_DATABASE_URL gives it. */
  public static final String MAIN_DATABASE = "main";

  /**
   * Reads all OUTBOX_ variables; throws {@link InvalidConfig} with every fault, among them what is
   * needed and absent.
   */
  public static Config read(Map<String, String> environment, Need... needs) {
    return new ConfigReader(new Environment(environment)).read(Set.of(needs));
  }

  /** The keys of a configuration that was read with {@link Need#KEYS}. */
  public KeyRing keys() {
    if (keyRing == null) {
      throw new IllegalStateException("The configuration was not read with Need.KEYS");
    }
    return keyRing;
  }

  /** What webhooks may reach: neither the databases nor these listeners, wherever they are. */
  EgressRules egressRules(List<InetSocketAddress> listeners) {
    var neverOpen = new HashSet<>(listeners);
    neverOpen.addAll(databaseHosts);
    var ownHosts = new HashSet<>(databaseHosts);
    if (endpoints.proxy() != null) {
      ownHosts.add(endpoints.proxy());
    }
    var ownNames =
        ownHosts.stream().map(InetSocketAddress::getHostString).collect(Collectors.toSet());
    var jwt = api.jwt();
    if (jwt != null && jwt.jwksUrl() != null) {
      ownNames.add(jwt.jwksUrl().getHost());
    }
    if (tracing.isOn()) {
      ownNames.add(tracing.collector().getHost());
    }
    return new EgressRules(
        endpoints.allowHttp(),
        endpoints.allowedNetworks(),
        endpoints.allowedPorts(),
        neverOpen,
        ownNames);
  }
}
