package io.outboxworker.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.outboxworker.metrics.Metrics;
import io.prometheus.client.exporter.common.TextFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What those who watch over the worker ask: metrics and health. They need no token. */
public final class ProbeRoutes implements HttpService {
  private final Metrics metrics;
  private final Health health;

  public ProbeRoutes(Metrics metrics, Health health) {
    this.metrics = metrics;
    this.health = health;
  }

  @Override
  public void routing(HttpRules rules) {
    // Load balancers ask by HEAD as well.
    Api.readOnly(rules, "/metrics", this::scrape);
    Api.readOnly(rules, "/livez", this::live);
    Api.readOnly(rules, "/readyz", this::ready);
  }

  private void scrape(ServerRequest request, ServerResponse response) {
    String accept = request.headers().first(HeaderNames.ACCEPT).orElse("");
    String contentType = TextFormat.chooseContentType(accept);
    response.header(HeaderNames.CONTENT_TYPE, contentType);
    Answer.write(request, response, metrics.scrape(contentType).getBytes(UTF_8));
  }

  private void live(ServerRequest request, ServerResponse response) {
    probe(request, response, health.unlive().get(), List.of());
  }

  private void ready(ServerRequest request, ServerResponse response) {
    probe(request, response, health.unready().get(), health.degraded().get());
  }

  private static void probe(
      ServerRequest request, ServerResponse response, List<String> reasons, List<String> degraded) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("status", !reasons.isEmpty() ? "failing" : !degraded.isEmpty() ? "degraded" : "ok");
    body.put("reasons", reasons.isEmpty() ? degraded : reasons);
    response.status(reasons.isEmpty() ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503);
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    Answer.write(request, response, Json.of(body).getBytes(UTF_8));
  }
}
