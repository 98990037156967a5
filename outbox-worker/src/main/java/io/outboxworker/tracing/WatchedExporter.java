package io.outboxworker.tracing;

import io.opentelemetry.exporter.internal.FailedExportException.HttpExportException;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.util.Collection;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells once that spans can't be exported, and once that they can again, where the SDK would tell
 * it with a trace for every batch.
 */
final class WatchedExporter implements SpanExporter {
  private static final Logger log = LoggerFactory.getLogger(Tracing.class);

  private final SpanExporter exporter;
  private final URI collector;
  private long lost;

  WatchedExporter(SpanExporter exporter, URI collector) {
    this.exporter = exporter;
    this.collector = collector;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    CompletableResultCode result = exporter.export(spans);
    result.whenComplete(() -> note(result, spans.size()));
    return result;
  }

  private synchronized void note(CompletableResultCode result, int spans) {
    if (result.isSuccess()) {
      if (lost > 0) {
        log.atInfo().addKeyValue("lost", lost).log("spans are exported again");
      }
      lost = 0;
      return;
    }
    if (lost == 0) {
      log.atWarn()
          .addKeyValue("collector", collector.getAuthority())
          .addKeyValue("cause", cause(result.getFailureThrowable()))
          .log("spans can't be exported and are lost until they can; deliveries go on");
    }
    lost += spans;
  }

  private static String cause(@Nullable Throwable failure) {
    if (failure == null) {
      return "unknown";
    }
    if (failure instanceof HttpExportException refused && refused.failedWithResponse()) {
      return "HTTP " + Objects.requireNonNull(refused.getResponse()).getStatusCode();
    }
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root);
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
