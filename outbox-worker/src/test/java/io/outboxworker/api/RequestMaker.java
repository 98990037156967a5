package io.outboxworker.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.outboxworker.testing.ApiClient;
import io.outboxworker.testing.ApiClient.Reply;
import io.outboxworker.testing.Contract;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** Makes up requests for operations of the document: most of them right, the others hardly. */
final class RequestMaker {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "invoice.created",
          "invoice.*",
          "*",
          "10s",
          "1s,2s",
          "-1",
          "1e9",
          "99999999999999999999",
          "null",
          "' or 1=1 --",
          "<script>",
          "../../etc",
          "%00",
          "\u0000",
          "\ud800",
          "é€𝄞",
          "2024-02-14T15:30:45Z",
          "2024-02-14",
          "9999-12-31T23:59:59.999999999Z",
          "-999999-01-01T00:00:00Z",
          "+999999999-12-31T23:59:59Z",
          "x".repeat(3000));

  private final Random random;
  private final String url;
  private final Map<String, List<String>> ids = new HashMap<>();
  private final List<String> cursors = new ArrayList<>();

  RequestMaker(Random random, String url) {
    this.random = random;
    this.url = url;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  /** Keeps what an answer says of ids and cursors, so that many requests find something. */
  void learn(String path, Reply reply) {
    reply.body().findValuesAsText("id").forEach(ids(kind(path))::add);
    reply.body().findValuesAsText("subscription_id").forEach(ids("subscriptions")::add);
    reply.body().findValuesAsText("next_cursor").forEach(cursors::add);
  }

  private List<String> ids(String kind) {
    return ids.computeIfAbsent(kind, none -> new ArrayList<>());
  }

  /** What a path is about: its first part. */
  private static String kind(String path) {
    return path.substring(ApiClient.BASE.length() + 1).split("/", 2)[0];
  }

  HttpRequest.Builder request(ApiClient api, String method, String path, JsonNode operation) {
    String id = pathId(kind(path));
    // The validator takes a path that ends in blanks or U+0000 for the one above it.
    String segment = id.trim().isEmpty() ? "blank" : encoded(id);
    String filled = path.substring(ApiClient.BASE.length()).replace("{id}", segment);
    HttpRequest.Builder request = api.request(filled + query(operation.path("parameters")));
    if (one(5)) {
      request.header("Idempotency-Key", one(2) ? "key-" + below(5) : "x".repeat(below(400) + 1));
    }
    JsonNode schema = operation.at("/requestBody/content/application~1json/schema");
    if (schema.isMissingNode() || one(20)) {
      return request.method(method, BodyPublishers.noBody());
    }
    request.header("Content-Type", one(30) ? "text/plain" : "application/json");
    return request.method(method, BodyPublishers.ofByteArray(body(schema)));
  }

  private byte[] body(JsonNode schema) {
    byte[] bytes = text(value(schema, 0)).getBytes(StandardCharsets.UTF_8);
    if (one(10) && bytes.length > 0) {
      bytes[below(bytes.length)] = (byte) random.nextInt();
    }
    return one(40) ? "[".repeat(below(3000)).getBytes(StandardCharsets.UTF_8) : bytes;
  }

  private String query(JsonNode parameters) {
    List<String> pairs = new ArrayList<>();
    for (JsonNode listed : parameters) {
      JsonNode parameter = resolved(listed);
      if (parameter.path("in").asText().equals("query") && one(2)) {
        String name = parameter.path("name").asText();
        String value =
            name.equals("cursor") && !cursors.isEmpty() && !one(4)
                ? cursors.get(below(cursors.size()))
                : value(parameter.path("schema"), 0).asText();
        pairs.add(name + "=" + encoded(value));
      }
    }
    if (one(15)) {
      pairs.add(encoded(anyText()) + "=" + encoded(anyText()));
    }
    return pairs.isEmpty() ? "" : "?" + String.join("&", pairs);
  }

  private JsonNode value(JsonNode described, int depth) {
    JsonNode schema = resolved(described);
    if (one(12) || depth > 4) {
      return anything();
    }
    if (schema.has("enum")) {
      return schema.path("enum").get(below(schema.path("enum").size()));
    }
    JsonNode types = schema.path("type");
    String type = types.isArray() ? types.get(below(types.size())).asText() : types.asText();
    return switch (type) {
      case "object" -> object(schema, depth);
      case "integer" ->
          JSON.numberNode(one(4) ? random.nextLong() : schema.path("minimum").asInt() + below(300));
      case "boolean" -> JSON.booleanNode(one(2));
      case "null" -> JSON.nullNode();
      default -> string(schema);
    };
  }

  private JsonNode object(JsonNode schema, int depth) {
    ObjectNode object = JSON.objectNode();
    List<String> required = new ArrayList<>();
    schema.path("required").forEach(name -> required.add(name.asText()));
    schema
        .path("properties")
        .properties()
        .forEach(property -> {
          boolean there = required.contains(property.getKey()) ? !one(25) : one(3);
          if (there) {
            object.set(
                property.getKey(),
                property.getKey().equals("url") && !one(4)
                    ? TextNode.valueOf(url)
                    : value(property.getValue(), depth + 1));
          }
        });
    if (schema.path("properties").isEmpty() && one(2)) {
      object.put(one(2) ? "X-" + below(9) : anyText(), anyText());
    }
    if (one(20)) {
      object.set(anyText(), anything());
    }
    return object;
  }

  private JsonNode string(JsonNode schema) {
    return switch (schema.path("format").asText()) {
      case "uuid" -> TextNode.valueOf(id("subscriptions"));
      case "date-time" -> TextNode.valueOf(one(3) ? anyText() : "2024-02-14T15:30:45Z");
      default -> {
        JsonNode examples = schema.path("examples");
        yield examples.isEmpty() || one(3) ? TextNode.valueOf(anyText()) : examples.get(0);
      }
    };
  }

  private JsonNode anything() {
    return switch (below(7)) {
      case 0 -> JSON.nullNode();
      case 1 -> JSON.numberNode(random.nextLong());
      case 2 -> JSON.numberNode(random.nextDouble());
      case 3 -> JSON.arrayNode().add(anyText());
      case 4 -> JSON.objectNode().put(anyText(), anyText());
      case 5 -> JSON.booleanNode(one(2));
      default -> TextNode.valueOf(anyText());
    };
  }

  private String anyText() {
    return TEXTS.get(below(TEXTS.size()));
  }

  private String id(String kind) {
    List<String> known = ids(one(8) ? "events" : kind);
    if (one(4) || known.isEmpty()) {
      return one(2) ? UUID.randomUUID().toString() : anyText();
    }
    return known.get(below(known.size()));
  }

  /** The checker takes a path apart as text: blank parts and slashes would make another route. */
  private String pathId(String kind) {
    String id = id(kind);
    return id.isBlank() || id.contains("/") ? "no-id" : id;
  }

  private boolean one(int in) {
    return below(in) == 0;
  }

  private static JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? Contract.DOCUMENT.at(node.path("$ref").asText().substring(1)) : node;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** Escaped, for UTF-8 has no form for halves of surrogate pairs. */
  private static String text(JsonNode value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
