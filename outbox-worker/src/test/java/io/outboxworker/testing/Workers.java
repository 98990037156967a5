package io.outboxworker.testing;

import io.outboxworker.Config;
import io.outboxworker.Worker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Workers of one shop in this JVM, and what they answer over HTTP. */
public final class Workers implements AutoCloseable {
  private final Shop shop;
  private final List<Worker> running = new ArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();

  public Workers(Shop shop) {
    this.shop = shop;
  }

  /** Starts one more; names and values of settings take turns. */
  public Worker start(String... settings) {
    Map<String, String> environment = new HashMap<>(shop.environment());
    for (int i = 0; i < settings.length; i += 2) {
      environment.put(settings[i], settings[i + 1]);
    }
    return start(environment);
  }

  /** Starts one more with just this environment. */
  public Worker start(Map<String, String> environment) {
    Worker worker = Worker.start(Config.read(environment, Config.Need.values()));
    running.add(worker);
    return worker;
  }

  /** The answer of the worker's port. */
  public HttpResponse<String> get(Worker worker, String path) {
    URI uri = URI.create("http://127.0.0.1:%d%s".formatted(worker.httpPort(), path));
    try {
      return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The sum of the samples whose line begins so; 0 where there is none. */
  public double metric(Worker worker, String lineStart) {
    return get(worker, "/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(lineStart))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Override
  public void close() {
    running.forEach(Worker::close);
    http.close();
  }
}
