package io.outboxworker.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.outboxworker.Worker;
import io.outboxworker.api.Tokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's view of the API, with a token of its own; paths are relative to the API's base. Each
 * answer is held against the API's own document.
 */
public final class ApiClient implements AutoCloseable {
  public static final String BASE = "/api/v1/tenant/webhooks";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http = HttpClient.newHttpClient();
  private final String origin;
  private final UUID tenant;
  private final @Nullable String token;

  /** An answer; the body is missing where it is no JSON. */
  public record Reply(int status, JsonNode body, HttpResponse<String> raw) {
    public String header(String name) {
      return raw.headers().firstValue(name).orElse("");
    }

    /** A field's text, or of what lies deeper at a JSON Pointer. */
    public String text(String name) {
      return (name.startsWith("/") ? body.at(name) : body.path(name)).asText();
    }
  }

  private ApiClient(Worker worker, UUID tenant, @Nullable String token) {
    this.origin = "http://127.0.0.1:" + worker.httpPort();
    this.tenant = tenant;
    this.token = token;
  }

  /** Calls as the shop's own tenant. */
  public static ApiClient of(Worker worker, Shop shop) {
    return of(worker, shop, shop.tenant());
  }

  /** Calls as another tenant of the same database. */
  public static ApiClient of(Worker worker, Shop shop, UUID tenant) {
    return with(worker, tenant, new Tokens(shop.jdbi()).create(tenant, "test", null));
  }

  /** Calls with this token, or without any where it is null. */
  public static ApiClient with(Worker worker, UUID tenant, @Nullable String token) {
    return new ApiClient(worker, tenant, token);
  }

  public UUID tenant() {
    return tenant;
  }

  public Reply get(String path) {
    return send(request(path).GET());
  }

  public Reply delete(String path) {
    return send(request(path).DELETE());
  }

  /** POSTs this JSON; single quotes stand for double ones. */
  public Reply post(String path, String json) {
    return call("POST", path, json);
  }

  public Reply patch(String path, String json) {
    return call("PATCH", path, json);
  }

  /** POSTs without a body. */
  public Reply post(String path) {
    return send(request(path).POST(BodyPublishers.noBody()));
  }

  /** Sends this JSON by any method; single quotes stand for double ones. */
  public Reply call(String method, String path, String json) {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(json.replace('\'', '"'))));
  }

  /** A request that carries the token, for whatever the others don't do. */
  public HttpRequest.Builder request(String path) {
    var request = HttpRequest.newBuilder(URI.create(origin + BASE + path));
    return token == null ? request : request.header("Authorization", "Bearer " + token);
  }

  public Reply send(HttpRequest.Builder request) {
    try {
      var raw = http.send(request.build(), BodyHandlers.ofString());
      Contract.check(raw);
      return new Reply(raw.statusCode(), json(raw.body()), raw);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode json(String text) {
    try {
      return text.isEmpty() ? MissingNode.getInstance() : JSON.readTree(text);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
