package io.outboxworker;

import io.outboxworker.api.Api;
import io.outboxworker.api.ApiDatabase;
import io.outboxworker.api.Health;
import io.outboxworker.api.HttpServer;
import io.outboxworker.api.OpenApiRoutes;
import io.outboxworker.api.ProbeRoutes;
import io.outboxworker.console.Console;
import io.outboxworker.database.Database;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.database.Migrations;
import io.outboxworker.delivery.TestPost;
import io.outboxworker.metrics.Metrics;
import io.outboxworker.subscription.StoredSecrets;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.Sender;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
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
  private static final Duration DATABASE_LIMIT = Duration.ofSeconds(30);

  /** Of the shutdown limit, what remains for recording after the last attempt ended. */
  private static final Duration RECORDING_SHARE = Duration.ofSeconds(2);

  private final Config config;
  private final Api api;
  private final HttpServer http;
  private final @Nullable HttpServer admin;
  private final EndpointGuard guard;
  private final Sender sender;
  private final List<Pipeline> pipelines = new ArrayList<>();
  private final List<ApiDatabase> apiDatabases = new ArrayList<>();
  private volatile String state = "starting";

  private Worker(Config config) {
    this.config = config;
    Metrics metrics = new Metrics(config.metricsTenantLabel(), Version.current());
    Health health = new Health(this::unlive, this::unready);
    var listen = config.http();
    Integer adminPort = listen.adminPort();
    ProbeRoutes probes = new ProbeRoutes(metrics, health);
    OpenApiRoutes openApi = new OpenApiRoutes();
    Console console = new Console();
    api = new Api(config.api().requestsPerSecond());
    http =
        new HttpServer(
            listen.address(),
            listen.port(),
            adminPort == null
                ? List.of(probes, api, openApi, console)
                : List.of(api, openApi, console));
    admin = adminPort == null ? null : new HttpServer(listen.address(), adminPort, List.of(probes));
    guard = new EndpointGuard(config.egressRules(listeners()));
    guard.install();
    var endpoints = config.endpoints();
    sender = new Sender(guard, Version.current(), endpoints.caFile(), endpoints.proxy());
    try {
      start(metrics);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Starts a worker; when this returns it delivers.
   *
   * @throws io.outboxworker.database.DatabaseUnreachable after 30 s without a database
   * @throws CannotStart where a schema has another version or no key opens the stored secrets
   */
  public static Worker start(Config config) {
    return new Worker(config);
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
    long deadline = System.nanoTime() + config.shutdownTimeout().minus(RECORDING_SHARE).toNanos();
    boolean clean = true;
    pipelines.forEach(Pipeline::stopTaking);
    for (Pipeline pipeline : pipelines) {
      clean &= pipeline.awaitDrained(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    }
    close();
    log.info(clean ? "stopped" : "stopped, some attempts were cut off and will be made again");
    return clean;
  }

  /** Stops at once: running attempts are cut off and made again when their leases end. */
  @Override
  public void close() {
    state = "stopped";
    // The sender last: what it cuts off must find no recorder, or it would be written as an
    // attempt.
    pipelines.forEach(Pipeline::close);
    pipelines.clear();
    sender.close();
    http.close();
    if (admin != null) {
      admin.close();
    }
    apiDatabases.forEach(ApiDatabase::close);
    apiDatabases.clear();
  }

  private void start(Metrics metrics) {
    config.databases().forEach(this::check);
    config
        .databases()
        .forEach((name, settings) -> {
          var pipeline = new Pipeline(name, settings, config, config.keys(), sender, metrics);
          pipelines.add(pipeline);
          apiDatabases.add(apiDatabase(name, settings, pipeline, metrics));
        });
    pipelines.forEach(Pipeline::start);
    api.open(apiDatabases);
    state = "running";
    log.atInfo()
        .addKeyValue("version", Version.current())
        .addKeyValue("port", http.port())
        .addKeyValue("databases", config.databases().keySet())
        .log("worker is ready");
  }

  private ApiDatabase apiDatabase(
      String name, DatabaseSettings settings, Pipeline pipeline, Metrics metrics) {
    var attempts = config.attempts();
    return new ApiDatabase(
        name,
        Database.openForTenants(
            settings, Pipeline.poolName(name, "api"), API_POOL, metrics.registry()),
        config.keys(),
        guard,
        new TestPost(sender, attempts.source(), attempts.timeout()),
        pipeline.forApi(attempts.source()));
  }

  private void check(String name, DatabaseSettings settings) {
    try (Database database = Database.open(settings, "check", 1, null)) {
      database.awaitReachable(DATABASE_LIMIT);
      List<String> faults = new ArrayList<>();
      String schemaFault = new Migrations(settings).fault();
      if (schemaFault != null) {
        faults.add("database %s: %s".formatted(name, schemaFault));
      } else if (!new StoredSecrets(database.jdbi(), config.keys()).keysFit()) {
        faults.add(
            "OUTBOX_KEYS has no key that opens the secrets stored in database %s".formatted(name));
      }
      if (!faults.isEmpty()) {
        throw new CannotStart(faults);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while starting", e);
    }
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
    return reasons(Pipeline::unready);
  }

  private List<String> unlive() {
    return reasons(Pipeline::unlive);
  }

  private List<String> reasons(Function<Pipeline, List<String>> of) {
    return List.copyOf(pipelines).stream().flatMap(p -> of.apply(p).stream()).toList();
  }
}
