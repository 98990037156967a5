package io.outboxworker;

import io.outboxworker.api.Api;
import io.outboxworker.api.ApiDatabase;
import io.outboxworker.api.Health;
import io.outboxworker.api.HttpServer;
import io.outboxworker.api.KeySetRoutes;
import io.outboxworker.api.OpenApiRoutes;
import io.outboxworker.api.ProbeRoutes;
import io.outboxworker.console.Console;
import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.delivery.TestPost;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.tracing.Tracing;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.Sender;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The composition root: makes every part, starts them in order and closes them in reverse. One per
 * process, since the guard of outgoing connections belongs to the whole JVM.
 */
public final class Worker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Worker.class);
  private static final int API_POOL = 4;

  /** Of the shutdown limit, what remains for recording after the last attempt ended. */
  private static final Duration RECORDING_SHARE = Duration.ofSeconds(2);

  private final Config config;
  private final Api api;
  private final KeySetRoutes keySets = new KeySetRoutes();
  private final HttpServer http;
  private final @Nullable HttpServer admin;
  private final EndpointGuard guard;
  private final Sender sender;
  private final @Nullable Tracing tracing;
  private final Pipelines pipelines;
  private final List<ApiDatabase> apiDatabases = new CopyOnWriteArrayList<>();
  private volatile String state = "starting";

  private Worker(Config config, DatabaseChecks checks) {
    this.config = config;
    Metrics metrics = new Metrics(config.metricsTenantLabel(), Version.current());
    Health health = new Health(this::unlive, this::unready, this::degraded);
    var listen = config.http();
    Integer adminPort = listen.adminPort();
    ProbeRoutes probes = new ProbeRoutes(metrics, health);
    OpenApiRoutes openApi = new OpenApiRoutes();
    Console console = new Console();
    var apiRules = config.api();
    api = new Api(apiRules.requestsPerSecond(), apiRules.jwt(), apiRules.allowedOrigins());
    http =
        new HttpServer(
            listen.address(),
            listen.port(),
            adminPort == null
                ? List.of(probes, api, openApi, keySets, console)
                : List.of(api, openApi, keySets, console));
    admin = adminPort == null ? null : new HttpServer(listen.address(), adminPort, List.of(probes));
    guard = new EndpointGuard(config.egressRules(listeners()));
    guard.install();
    var endpoints = config.endpoints();
    pipelines =
        new Pipelines(
            config,
            name -> pipeline(name, metrics),
            (name, pipeline) -> openApi(name, pipeline, metrics));
    tracing = config.tracing().isOn() ? Tracing.open(config.tracing(), Version.current()) : null;
    sender = new Sender(guard, Version.current(), endpoints.caFile(), endpoints.proxy());
    try {
      start(checks);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Starts a worker; when this returns it delivers, of several databases from those that answered.
   *
   * @throws io.outboxworker.database.DatabaseUnreachable after 30 s without a database
   * @throws CannotStart where a schema has another version or no key opens the stored secrets
   */
  public static Worker start(Config config) {
    // They are asked while everything else is put together: that takes as long.
    try (var checks = new DatabaseChecks(config)) {
      return new Worker(config, checks);
    }
  }

  /** The port that serves the API, and metrics and health unless those have their own. */
  public int httpPort() {
    return http.port();
  }

  /**
   * Stops gracefully within the shutdown limit: no new claims, running attempts end, unstarted ones
   * go back. True where no attempt was cut off.
   */
  public boolean stop() throws InterruptedException {
    state = "stopping";
    log.info("stopping, running attempts may end");
    long end = System.nanoTime() + config.shutdownTimeout().toNanos();
    pipelines.stopTaking();
    boolean clean = pipelines.awaitDrained(end - RECORDING_SHARE.toNanos());
    close(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    log.info(clean ? "stopped" : "stopped, some attempts were cut off and will be made again");
    return clean;
  }

  /** Stops at once: running attempts are cut off and made again when their leases end. */
  @Override
  public void close() {
    close(Duration.ZERO);
  }

  private void close(Duration flushLimit) {
    state = "stopped";
    // The sender last: what it cuts off must find no recorder, or it would be written as an
    // attempt.
    pipelines.close();
    sender.close();
    if (tracing != null) {
      tracing.close(flushLimit);
    }
    http.close();
    if (admin != null) {
      admin.close();
    }
    apiDatabases.forEach(ApiDatabase::close);
    apiDatabases.clear();
  }

  private void start(DatabaseChecks checks) {
    pipelines.start(checks);
    state = "running";
    log.atInfo()
        .addKeyValue("version", Version.current())
        .addKeyValue("port", http.port())
        .addKeyValue("databases", config.databases().keySet())
        .log("worker is ready");
  }

  private Pipeline pipeline(String name, Metrics metrics) {
    DatabaseSettings settings = Objects.requireNonNull(config.databases().get(name));
    return new Pipeline(name, settings, config, sender, tracing, metrics);
  }

  /** A database that comes late gets its calls from then on. */
  private void openApi(String name, Pipeline pipeline, Metrics metrics) {
    DatabaseSettings settings = Objects.requireNonNull(config.databases().get(name));
    apiDatabases.add(apiDatabase(name, settings, pipeline, metrics));
    api.open(apiDatabases, config.databases().size());
    keySets.open(apiDatabases);
  }

  private ApiDatabase apiDatabase(
      String name, DatabaseSettings settings, Pipeline pipeline, Metrics metrics) {
    var attempts = config.attempts();
    return new ApiDatabase(
        name,
        Database.openForTenants(
            settings, Pipeline.poolName(name, "api"), API_POOL, metrics.pools()),
        config.keys(),
        guard,
        new TestPost(sender, attempts.source(), attempts.timeout()),
        pipeline.forApi(attempts.source()));
  }

  private List<InetSocketAddress> listeners() {
    var address = config.http().address();
    var api = new InetSocketAddress(address, http.port());
    return admin == null
        ? List.of(api)
        : List.of(api, new InetSocketAddress(address, admin.port()));
  }

  private List<String> unready() {
    if (!state.equals("running")) {
      return List.of(state);
    }
    return pipelines.isServing() ? List.of() : pipelines.unready();
  }

  private List<String> unlive() {
    return pipelines.unlive();
  }

  private List<String> degraded() {
    return pipelines.unready();
  }
}
