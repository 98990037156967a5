package io.outboxworker.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helidon.webserver.http.ServerResponse;
import io.outboxworker.database.SqlFault;
import io.outboxworker.delivery.DeliveryFeed.Viewer;
import io.outboxworker.delivery.DeliveryItem;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Deliveries as they are made and as they change, as server-sent events; ends when the viewer goes
 * away, when the token is no longer valid, and when the worker stops.
 */
final class DeliveryStream {
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final Duration ping;
  private final Duration look;

  /**
   * @param ping after so much silence something is sent, so that proxies and viewers know that it
   *     lives
   */
  DeliveryStream(Duration ping) {
    this.ping = ping;
    this.look = ping.compareTo(LOOK) < 0 ? ping : LOOK;
  }

  Answer open(Call call) {
    UUID after = lastSeen(call.header("Last-Event-ID"));
    Viewer viewer =
        call.database()
            .feed()
            .watch(call.tenantId(), after)
            .orElseThrow(() ->
                Problem.of(
                    Problem.Kind.TOO_MANY_REQUESTS,
                    "too many streams of this tenant are open",
                    "Retry-After",
                    "60"));
    show(viewer, call::recheck, call.response());
    return Answer.written();
  }

  /**
   * Writes until one side has enough, and closes the viewer.
   *
   * @param recheck throws once the viewer may not look any longer
   */
  void show(Viewer viewer, Runnable recheck, ServerResponse response) {
    try (viewer;
        OutputStream out = begin(response)) {
      write(viewer, recheck, out);
    } catch (IOException | UncheckedIOException | Problem e) {
      // The viewer went away, or may not look any longer: there is nobody to tell.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      // Without the database nobody can tell whether the viewer may go on; it comes back by itself.
      if (!SqlFault.isOfTheMoment(e)) {
        throw e;
      }
    }
  }

  /** A browser sends back the id of the last event; one that is not ours means none. */
  private static @Nullable UUID lastSeen(String id) {
    try {
      return id.isEmpty() ? null : Fields.parseUuid(id);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static OutputStream begin(ServerResponse response) throws IOException {
    Answer.secure(response);
    response.header("Content-Type", "text/event-stream");
    // Else a proxy would gather what it should pass on.
    response.header("X-Accel-Buffering", "no");
    OutputStream out = response.outputStream();
    out.write("retry: 2000\n\n".getBytes(UTF_8));
    out.flush();
    return out;
  }

  private void write(Viewer viewer, Runnable recheck, OutputStream out)
      throws IOException, InterruptedException {
    long writtenNanos = System.nanoTime();
    while (!Thread.currentThread().isInterrupted()) {
      List<DeliveryItem> items = viewer.next(look);
      recheck.run();
      StringBuilder text = new StringBuilder();
      for (DeliveryItem item : items) {
        text.append("event: delivery\nid: ").append(item.id());
        text.append("\ndata: ").append(Json.of(item)).append("\n\n");
      }
      if (items.isEmpty() && System.nanoTime() - writtenNanos >= ping.toNanos()) {
        text.append(": ping\n\n");
      }
      if (!text.isEmpty()) {
        out.write(text.toString().getBytes(UTF_8));
        out.flush();
        writtenNanos = System.nanoTime();
      }
    }
  }
}
