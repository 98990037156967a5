package io.outboxworker.tracing;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.outboxworker.webhook.Post;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Makes a span of each attempt and exports it to an OpenTelemetry collector, in the background,
 * from a bounded queue: what does not fit is dropped, and no attempt ever waits. Thread-safe.
 */
public final class Tracing {
  private static final String TRACEPARENT = "traceparent";
  private static final String NAME = "outbox-worker";

  /** Of what W3C's format knows an event keeps this one. */
  private static final TextMapGetter<String> THE_ONE_HEADER =
      (traceparent, name) -> name.equals(TRACEPARENT) ? traceparent : null;

  /** A collector that is away must not be what a stop waits for. */
  private static final Duration FLUSH_LIMIT = Duration.ofSeconds(3);

  private final OpenTelemetrySdk sdk;
  private final Tracer tracer;
  private final Logger queueLog = Logger.getLogger(BatchSpanProcessor.class.getName());
  private final W3CTraceContextPropagator traceContext = W3CTraceContextPropagator.getInstance();

  private Tracing(OpenTelemetrySdk sdk, String version) {
    this.sdk = sdk;
    queueLog.setFilter(new Seldom());
    this.tracer = sdk.getTracerProvider().get(NAME, version);
  }

  /**
   * Begins to export, to be closed; contacts nothing until the first spans are there.
   *
   * @throws IllegalArgumentException where the SDK can't be set up like this; says why
   */
  public static Tracing open(TracingSettings settings, String version) {
    try {
      return new Tracing(sdk(settings, version), version);
    } catch (ConfigurationException | IllegalStateException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static OpenTelemetrySdk sdk(TracingSettings settings, String version) {
    return AutoConfiguredOpenTelemetrySdk.builder()
        .disableShutdownHook()
        .addPropertiesSupplier(() -> properties(settings))
        // Prometheus has the metrics, stderr the logs, and the contract names the header.
        .addPropertiesCustomizer(given ->
            Map.of(
                "otel.metrics.exporter", "none",
                "otel.logs.exporter", "none",
                "otel.propagators", "tracecontext"))
        .addResourceCustomizer((resource, given) -> named(resource, version))
        .addSpanExporterCustomizer(
            (exporter, given) -> new WatchedExporter(exporter, settings.collector()))
        .build()
        .getOpenTelemetrySdk();
  }

  /** The SDK's names for the variables; its own default would be gRPC, which needs more jars. */
  private static Map<String, String> properties(TracingSettings settings) {
    Map<String, String> properties = new HashMap<>();
    properties.put("otel.exporter.otlp.protocol", "http/protobuf");
    settings
        .variables()
        .forEach((name, value) ->
            properties.put(name.toLowerCase(Locale.ROOT).replace('_', '.'), value));
    return properties;
  }

  private static Resource named(Resource resource, String version) {
    var name = AttributeKey.stringKey("service.name");
    var named = resource.toBuilder();
    if (String.valueOf(resource.getAttribute(name)).startsWith("unknown_service")) {
      named.put(name, NAME);
    }
    var release = AttributeKey.stringKey("service.version");
    if (resource.getAttribute(release) == null) {
      named.put(release, version);
    }
    return named.build();
  }

  /**
   * Begins the span of an attempt, as a child of the post's trace or, where it has none, as the
   * first of a new one. Whether it is exported is the parent's decision, else the sampler's.
   */
  public AttemptSpan begin(Post post, UUID tenantId, UUID subscriptionId, Instant startedAt) {
    SpanBuilder attempt =
        tracer
            .spanBuilder("POST")
            .setSpanKind(SpanKind.CLIENT)
            .setParent(parent(post.traceparent()))
            .setStartTimestamp(startedAt)
            .setAttribute("http.request.method", "POST")
            .setAttribute("outbox.tenant_id", tenantId.toString())
            .setAttribute("outbox.subscription_id", subscriptionId.toString())
            .setAttribute("outbox.event", post.event())
            .setAttribute("outbox.event_id", post.eventId().toString())
            .setAttribute("outbox.delivery_id", post.deliveryId().toString())
            .setAttribute("outbox.attempt", (long) post.attempt());
    if (post.url().getHost() != null) {
      name(post.url(), attempt);
    }
    Span span = attempt.startSpan();
    return new AttemptSpan(span, post.withTraceparent(traceparent(span)), startedAt);
  }

  /** Exports what is left, within the limit and 3 s at most, and stops. */
  public void close(Duration limit) {
    long millis = Math.min(limit.toMillis(), FLUSH_LIMIT.toMillis());
    sdk.shutdown().join(millis, TimeUnit.MILLISECONDS);
  }

  private Context parent(@Nullable String traceparent) {
    return traceparent == null
        ? Context.root()
        : traceContext.extract(Context.root(), traceparent, THE_ONE_HEADER);
  }

  private String traceparent(Span span) {
    Map<String, String> headers = new HashMap<>(1);
    traceContext.inject(Context.root().with(span), headers, Map::put);
    return headers.getOrDefault(TRACEPARENT, "");
  }

  /**
   * Of the URL neither query nor user: receivers put tokens there. One without a host is never sent
   * to.
   */
  private static void name(URI url, SpanBuilder attempt) {
    boolean http = "http".equalsIgnoreCase(url.getScheme());
    int given = url.getPort();
    attempt
        .setAttribute(
            "url.full",
            url.getScheme()
                + "://"
                + url.getHost()
                + (given < 0 ? "" : ":" + given)
                + url.getRawPath())
        .setAttribute("server.address", url.getHost().replaceAll("[\\[\\]]", ""))
        .setAttribute("server.port", given < 0 ? http ? 80L : 443L : given);
  }
}
