package io.outboxworker.tracing;

import java.net.URI;
import java.util.Map;

/**
 * The variables of the OpenTelemetry SDK with which spans are exported, by their names ({@code
 * OTEL_…}); none where nothing is exported. Its text hides them: headers are secrets.
 */
public record TracingSettings(Map<String, String> variables) {
  /** Nothing is exported. */
  public static final TracingSettings OFF = new TracingSettings(Map.of());

  /** Copies the variables. */
  public TracingSettings {
    variables = Map.copyOf(variables);
  }

  /** Whether spans are exported. */
  public boolean isOn() {
    return !variables.isEmpty();
  }

  /** Where spans go: what was given, else where a collector on this machine listens. */
  public URI collector() {
    String general = variables.getOrDefault("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
    return URI.create(variables.getOrDefault("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", general));
  }

  @Override
  public String toString() {
    return isOn() ? "TracingSettings[" + collector().getHost() + "]" : "TracingSettings[off]";
  }
}
