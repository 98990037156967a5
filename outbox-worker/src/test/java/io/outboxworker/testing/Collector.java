package io.outboxworker.testing;

import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An OpenTelemetry collector on loopback that takes spans over OTLP/HTTP and keeps them. */
public final class Collector implements AutoCloseable {
  private static final String PATH = "/v1/traces";

  private final TestReceiver http = new TestReceiver();

  /** What OTEL_EXPORTER_OTLP_ENDPOINT has to be. */
  public String url() {
    return http.url("");
  }

  /** From now on exports are answered so. */
  public void behave(TestReceiver.Behaviour behaviour) {
    http.behave(PATH, behaviour);
  }

  /** The exports so far, with their headers. */
  public List<TestReceiver.Received> exports() {
    return http.received(PATH);
  }

  /** All spans so far, by the start of what they stand for. */
  public List<Span> spans() {
    return resources().stream()
        .flatMap(resource -> resource.getScopeSpansList().stream())
        .map(ScopeSpans::getSpansList)
        .flatMap(List::stream)
        .sorted((a, b) -> Long.compare(a.getStartTimeUnixNano(), b.getStartTimeUnixNano()))
        .toList();
  }

  /** Who sent them, an element for each export. */
  public List<ResourceSpans> resources() {
    return exports().stream()
        .flatMap(export -> read(export.body()).getResourceSpansList().stream())
        .toList();
  }

  /** What {@code traceparent} is where this span is the parent. */
  public static String traceparent(Span span) {
    var hex = HexFormat.of();
    return "00-%s-%s-%02x"
        .formatted(
            hex.formatHex(span.getTraceId().toByteArray()),
            hex.formatHex(span.getSpanId().toByteArray()),
            span.getFlags() & 0xff);
  }

  /** Attributes by name, numbers as text. */
  public static Map<String, String> attributes(List<KeyValue> attributes) {
    Map<String, String> byName = new TreeMap<>();
    attributes.forEach(attribute -> byName.put(attribute.getKey(), text(attribute.getValue())));
    return byName;
  }

  private static String text(AnyValue value) {
    return value.hasIntValue() ? Long.toString(value.getIntValue()) : value.getStringValue();
  }

  private static ExportTraceServiceRequest read(byte[] body) {
    try {
      return ExportTraceServiceRequest.parseFrom(body);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
