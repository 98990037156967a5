package io.outboxworker;

import io.outboxworker.tracing.Tracing;
import io.outboxworker.tracing.TracingSettings;
import io.outboxworker.webhook.Sender;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads the variables of the OpenTelemetry SDK. Platforms give them to every program, so none is a
 * fault where no spans are exported.
 */
final class TracingReader {
  private static final String PREFIX = "OTEL_";
  private static final String ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
  private static final String TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
  private static final String PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL";
  private static final String TRACES_PROTOCOL = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
  private static final String EXPORTER = "OTEL_TRACES_EXPORTER";

  /** Others that end so, such as OTEL_CONFIG_FILE, are variables of the SDK. */
  private static final Pattern IN_A_FILE = Pattern.compile("(OTEL_EXPORTER_\\w+)_FILE");

  private final Environment from;

  TracingReader(Environment from) {
    this.from = from;
  }

  TracingSettings read() {
    var names =
        from.names(PREFIX).stream()
            .map(name -> IN_A_FILE.matcher(name).replaceAll("$1"))
            .collect(Collectors.toCollection(TreeSet::new));
    boolean asked =
        names.contains(ENDPOINT)
            || names.contains(TRACES_ENDPOINT)
            || from.text(EXPORTER).equals("otlp");
    boolean forbidden =
        from.text("OTEL_SDK_DISABLED").equalsIgnoreCase("true")
            || from.text(EXPORTER).equals("none");
    if (!asked || forbidden) {
      from.readOptional(ENDPOINT, Kind.text(1, 2_000));
      return TracingSettings.OFF;
    }
    Map<String, String> variables = new HashMap<>();
    // Always read, so that it stands among the settings.
    names.add(ENDPOINT);
    names.forEach(name -> read(name, variables));
    var settings = new TracingSettings(variables);
    if (from.sound(names.toArray(String[]::new))) {
      checked(settings);
    }
    return settings;
  }

  private void read(String name, Map<String, String> variables) {
    var value = from.readOptional(name, kind(name));
    if (value != null) {
      variables.put(name, value);
    }
  }

  private Kind<String> kind(String name) {
    return switch (name) {
      case ENDPOINT, TRACES_ENDPOINT -> Kind.url("http", "https").to(URI::toString);
      case TRACES_PROTOCOL -> Kind.choice("http/protobuf");
      case PROTOCOL ->
          from.text(TRACES_PROTOCOL).isEmpty() ? Kind.choice("http/protobuf") : Kind.text(1, 100);
      default -> name.endsWith("_HEADERS") ? Kind.text(1, 10_000).secret() : Kind.text(1, 10_000);
    };
  }

  /** The SDK has its own opinion on the rest, such as samplers and limits. */
  private void checked(TracingSettings settings) {
    // It makes an HTTP client.
    Sender.prepareJvm();
    try {
      Tracing.open(settings, Version.current()).close(Duration.ZERO);
    } catch (IllegalArgumentException e) {
      from.fault(PREFIX + "…", "", "can't be used: " + e.getMessage(), "");
    }
  }
}
