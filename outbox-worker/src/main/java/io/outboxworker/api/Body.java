package io.outboxworker.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A request's body, read strictly: one JSON object in UTF-8, no key twice, nothing after it, not
 * nested deeper than 64. Each field is kept as a value and as the text that was sent.
 */
final class Body {
  /** A field's value, and the very characters that it was sent as. */
  record Value(JsonNode json, String text) {}

  private static final int MAX_DEPTH = 64;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private Body() {}

  /** The fields in the order in which they were sent; a 400 names the place of what is wrong. */
  static Map<String, Value> read(byte[] bytes) {
    String text = decode(bytes);
    try (JsonParser parser = MAPPER.createParser(text.toCharArray())) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw malformed("the body must be a JSON object", 1, 1);
      }
      var fields = new LinkedHashMap<String, Value>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        int start = (int) parser.currentTokenLocation().getCharOffset();
        JsonNode value = MAPPER.readTree(parser);
        int end = (int) parser.currentLocation().getCharOffset();
        fields.put(name, new Value(value, text.substring(start, end)));
      }
      if (parser.nextToken() != null) {
        var place = parser.currentTokenLocation();
        throw malformed(
            "there is text after the JSON object", place.getLineNr(), place.getColumnNr());
      }
      return fields;
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw new IllegalStateException("an array of characters needs no input", e);
    }
  }

  private static String decode(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw Problem.of(Problem.Kind.MALFORMED, "the body is not valid UTF-8");
    }
  }

  private static Problem malformed(JsonProcessingException fault) {
    var place = fault.getLocation();
    String detail = fault.getOriginalMessage().lines().findFirst().orElse("");
    return place == null
        ? Problem.of(Problem.Kind.MALFORMED, "the body is not JSON: " + detail)
        : malformed("the body is not JSON: " + detail, place.getLineNr(), place.getColumnNr());
  }

  private static Problem malformed(String detail, int line, int column) {
    return Problem.of(
        Problem.Kind.MALFORMED, "%s (line %d, column %d)".formatted(detail, line, column));
  }
}
