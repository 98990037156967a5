package io.outboxworker;

import io.outboxworker.Config.Api;
import io.outboxworker.Config.Attempts;
import io.outboxworker.Config.Endpoints;
import io.outboxworker.Config.Http;
import io.outboxworker.Config.Need;
import io.outboxworker.api.JwtRules;
import io.outboxworker.database.DatabaseSettings;
import io.outboxworker.subscription.DurationText;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.upkeep.Retention;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads every setting once, and holds those that belong together against each other. */
final class ConfigReader {

  private final Environment from;

  ConfigReader(Environment from) {
    this.from = from;
  }

  Config read(Set<Need> needs) {
    var databases = databases(needs.contains(Need.DATABASE));
    int poolSize = from.read("OUTBOX_DATABASE_POOL_SIZE", "8", Kind.wholeNumber(2, 100));
    var http = http();
    var keys = keys(needs.contains(Need.KEYS));
    var endpoints = endpoints();
    var attempts = attempts();
    var retention = retention();
    var api = api();
    boolean tenantLabel = from.read("OUTBOX_METRICS_TENANT_LABEL", "true", Kind.flag());
    var shutdown = from.read("OUTBOX_SHUTDOWN_TIMEOUT", "15s", Kind.duration("1s", "10m"));
    var logging = logging();
    var tracing = new TracingReader(from).read();
    return new Config(
        settings(databases),
        databases.values().stream().flatMap(url -> url.hosts().stream()).toList(),
        poolSize,
        keys,
        http,
        endpoints,
        attempts,
        api,
        retention,
        tenantLabel,
        shutdown,
        logging,
        tracing,
        from.finish(),
        warnings(attempts.timeout(), shutdown, retention));
  }

  private Map<String, DatabaseUrl> databases(boolean needed) {
    var one = from.readOptional("OUTBOX_DATABASE_URL", Kind.database());
    var user = from.readOptional("OUTBOX_DATABASE_USER", Kind.text(1, 63));
    var password = from.readOptional("OUTBOX_DATABASE_PASSWORD", Kind.text(1, 1000).secret());
    var several = from.readOptional("OUTBOX_DATABASES", Kind.databases());
    boolean both = from.has("OUTBOX_DATABASE_URL") && from.has("OUTBOX_DATABASES");
    if (both) {
      from.fault("OUTBOX_DATABASES", "", "is set, and so is OUTBOX_DATABASE_URL", "one of the two");
    } else if (several != null && (user != null || password != null)) {
      from.fault(
          user != null ? "OUTBOX_DATABASE_USER" : "OUTBOX_DATABASE_PASSWORD",
          "",
          "does not say for which of OUTBOX_DATABASES it is",
          "users and passwords inside the URLs");
    } else if (needed && !from.has("OUTBOX_DATABASE_URL") && !from.has("OUTBOX_DATABASES")) {
      from.fault("OUTBOX_DATABASE_URL", "", "is required", Kind.database().allowed());
    }
    if (several != null) {
      return several;
    }
    return one == null
        ? Map.of()
        : Map.of(Config.MAIN_DATABASE, one.withCredentials(user, password));
  }

  private static Map<String, DatabaseSettings> settings(Map<String, DatabaseUrl> databases) {
    var settings = new LinkedHashMap<String, DatabaseSettings>();
    databases.forEach((name, url) -> settings.put(name, url.settings()));
    return Collections.unmodifiableMap(settings);
  }

  private @Nullable KeyRing keys(boolean needed) {
    var keys = from.readOptional("OUTBOX_KEYS", Kind.keys());
    if (needed && !from.has("OUTBOX_KEYS")) {
      from.fault("OUTBOX_KEYS", "", "is required", Kind.keys().allowed());
    }
    return keys;
  }

  private Http http() {
    var address = from.read("OUTBOX_HTTP_ADDRESS", "0.0.0.0", Kind.listenAddress());
    int port = from.read("OUTBOX_HTTP_PORT", "8000", Kind.wholeNumber(0, 65_535));
    var admin = from.readOptional("OUTBOX_ADMIN_PORT", Kind.wholeNumber(0, 65_535));
    if (admin != null && admin != 0 && admin == port) {
      from.fault(
          "OUTBOX_ADMIN_PORT", admin.toString(), "is OUTBOX_HTTP_PORT as well", "another port");
    }
    return new Http(address, port, admin);
  }

  private Endpoints endpoints() {
    boolean allowHttp = from.read("OUTBOX_ALLOW_HTTP", "false", Kind.flag());
    var networks = from.readOptional("OUTBOX_ALLOWED_NETWORKS", Kind.networks());
    return new Endpoints(
        allowHttp,
        networks == null ? List.of() : networks,
        from.read("OUTBOX_ALLOWED_PORTS", allowHttp ? "80,443" : "443", Kind.ports()),
        from.readOptional("OUTBOX_EGRESS_PROXY", Kind.proxy()),
        from.readOptional("OUTBOX_CA_FILE", Kind.file()),
        from.read("OUTBOX_VERIFY_ENDPOINTS", "false", Kind.flag()));
  }

  private Attempts attempts() {
    var attempts =
        new Attempts(
            from.read("OUTBOX_SOURCE", "gestiqcloud", Kind.text(1, 100)),
            from.read("OUTBOX_RETRY_DELAYS", "1s,2s,4s", Kind.durations(20, "10ms", "7d")),
            from.read("OUTBOX_ATTEMPT_TIMEOUT", "10s", Kind.duration("1ms", "30s")),
            from.read("OUTBOX_DISABLE_AFTER", "5d", Kind.duration("1s", "365d")),
            from.read("OUTBOX_POLL_INTERVAL", "50ms", Kind.duration("5ms", "1m")),
            from.read("OUTBOX_MAX_IN_FLIGHT", "2048", Kind.wholeNumber(1, 16_384)),
            from.read("OUTBOX_MAX_IN_FLIGHT_PER_SUBSCRIPTION", "64", Kind.wholeNumber(1, 16_384)));
    var own = "OUTBOX_MAX_IN_FLIGHT_PER_SUBSCRIPTION";
    if (attempts.maxInFlightPerSubscription() > attempts.maxInFlight()
        && from.has(own)
        && from.sound(own, "OUTBOX_MAX_IN_FLIGHT")) {
      from.fault(
          own,
          String.valueOf(attempts.maxInFlightPerSubscription()),
          "is more than OUTBOX_MAX_IN_FLIGHT",
          "1 to " + attempts.maxInFlight());
    }
    return attempts;
  }

  private Api api() {
    int rate = from.read("OUTBOX_API_REQUESTS_PER_SECOND", "20", Kind.wholeNumber(1, 1_000_000));
    var url = from.readOptional("OUTBOX_JWT_JWKS_URL", Kind.url("https"));
    var secret = from.readOptional("OUTBOX_JWT_SECRET", Kind.text(32, 1000).secret());
    var claim = from.read("OUTBOX_JWT_TENANT_CLAIM", "tenant_id", Kind.text(1, 200));
    var issuer = from.readOptional("OUTBOX_JWT_ISSUER", Kind.text(1, 1000));
    var audience = from.readOptional("OUTBOX_JWT_AUDIENCE", Kind.text(1, 1000));
    boolean byUrl = from.has("OUTBOX_JWT_JWKS_URL");
    boolean bySecret = from.has("OUTBOX_JWT_SECRET");
    if (byUrl && bySecret) {
      from.fault(
          "OUTBOX_JWT_SECRET", "", "is set, and so is OUTBOX_JWT_JWKS_URL", "one of the two");
    }
    for (var name :
        List.of("OUTBOX_JWT_TENANT_CLAIM", "OUTBOX_JWT_ISSUER", "OUTBOX_JWT_AUDIENCE")) {
      if (from.has(name) && !byUrl && !bySecret) {
        from.fault(name, "", "has no use without OUTBOX_JWT_JWKS_URL or OUTBOX_JWT_SECRET", "");
      }
    }
    boolean present = url != null || secret != null;
    var origins = from.readOptional("OUTBOX_API_ALLOWED_ORIGINS", Kind.origins());
    return new Api(
        rate,
        present ? new JwtRules(url, secret, claim, issuer, audience) : null,
        origins == null ? List.of() : origins);
  }

  private Logging logging() {
    return new Logging(
        from.read("OUTBOX_LOG_FORMAT", "text", Kind.choice("text", "json")),
        from.read(
            "OUTBOX_LOG_LEVEL",
            Logging.DEFAULT_LEVEL,
            Kind.choice("error", "warn", "info", "debug", "trace")));
  }

  private Retention retention() {
    var kind = Kind.duration("1h", "3650d");
    var logs = from.read("OUTBOX_RETENTION", "30d", kind);
    var events = from.readOptional("OUTBOX_EVENT_RETENTION", kind);
    var deliveries = from.readOptional("OUTBOX_DELIVERY_RETENTION", kind);
    return new Retention(
        events == null ? logs : events,
        deliveries == null ? logs : deliveries,
        from.read("OUTBOX_AUDIT_RETENTION", "365d", kind));
  }

  private static List<String> warnings(Duration attempt, Duration shutdown, Retention retention) {
    var warnings = new ArrayList<String>();
    if (retention.events().compareTo(retention.deliveries()) < 0) {
      warnings.add(
          "OUTBOX_EVENT_RETENTION=%s is shorter than OUTBOX_DELIVERY_RETENTION=%s: deliveries older than that"
                  .formatted(
                      DurationText.write(retention.events()),
                      DurationText.write(retention.deliveries()))
              + " have no payload any more and can't be sent again");
    }
    if (shutdown.compareTo(attempt) <= 0) {
      warnings.add(
          "OUTBOX_SHUTDOWN_TIMEOUT=%s ends before an attempt does (OUTBOX_ATTEMPT_TIMEOUT=%s): a stop may cut"
                  .formatted(DurationText.write(shutdown), DurationText.write(attempt))
              + " attempts off, which are then made again");
    }
    return warnings;
  }
}
