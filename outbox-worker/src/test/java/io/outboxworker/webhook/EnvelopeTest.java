package io.outboxworker.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvelopeTest {
  static final UUID EVENT = UUID.fromString("018d9a3e-7c1a-7d3f-8a52-6f0d6a1b2c3d");
  static final UUID TENANT = UUID.fromString("0b6cb1d0-4f3c-4f0e-9d3a-3f1f0a6f9c11");
  static final String KNOWN_BODY =
      "{\"event\":\"invoice.created\",\"resource_type\":\"invoice\",\"resource_id\":\"inv-ü\\\"\\\\\\n\\u0001€😀/\",\"timestamp\":\"2024-02-14T15:30:45.123456Z\",\"data\":{\"b\":"
          + " 1.50, \"a\":\"é\\u00e9\", \"b\":2},"
          + "\"metadata\":{\"tenant_id\":\"0b6cb1d0-4f3c-4f0e-9d3a-3f1f0a6f9c11\",\"source\":\"gestiqcloud\",\"version\":\"1.0\"}}";

  @Test
  void the_body_is_the_contract_to_the_byte() {
    Envelope envelope =
        envelope("inv-ü\"\\\n\u0001€😀/", "{\"b\": 1.50, \"a\":\"é\\u00e9\", \"b\":2}");
    assertThat(envelope.body("gestiqcloud")).asString(StandardCharsets.UTF_8).isEqualTo(KNOWN_BODY);
    assertThat(envelope.body("gestiqcloud")).hasSize(283);
  }

  @ParameterizedTest
  @CsvSource({
    "2024-02-14T15:30:45Z, 2024-02-14T15:30:45.000000Z",
    "2024-02-14T15:30:45.1Z, 2024-02-14T15:30:45.100000Z",
    "2024-02-14T15:30:45.123456999Z, 2024-02-14T15:30:45.123456Z",
    "1969-12-31T23:59:59.999999Z, 1969-12-31T23:59:59.999999Z",
    "2024-02-14T23:30:45+02:00, 2024-02-14T21:30:45.000000Z"
  })
  void times_have_six_digits_and_end_in_z(String occurred, String written) {
    Instant instant = Instant.from(java.time.OffsetDateTime.parse(occurred));
    Envelope envelope = new Envelope(EVENT, TENANT, "a.b", "a", "1", instant, "{}");
    assertThat(text(envelope)).contains("\"timestamp\":\"" + written + "\"");
  }

  @Test
  void every_character_of_our_own_strings_survives_a_parser() throws Exception {
    StringBuilder all = new StringBuilder();
    for (int c = 0; c < 0x3000; c++) {
      all.append((char) c);
    }
    all.appendCodePoint(0x10FFFF).append("😀");
    JsonNode body =
        new ObjectMapper().readTree(envelope(all.toString(), "{}").body(all.toString()));
    assertThat(body.get("resource_id").textValue()).isEqualTo(all.toString());
    assertThat(body.get("metadata").get("source").textValue()).isEqualTo(all.toString());
  }

  @Test
  void only_what_json_demands_is_escaped() {
    assertThat(text(envelope("a/b'<>&\u2028\u007f\u00a0é", "{}")))
        .contains("\"resource_id\":\"a/b'<>&\u2028\u007f\u00a0é\"");
  }

  @Test
  void half_a_surrogate_pair_becomes_the_replacement_character() {
    assertThat(text(envelope("\uD83D|\uDE00|\uD83D\uDE00|\uDE00\uD83D", "{}")))
        .contains("\"resource_id\":\"\uFFFD|\uFFFD|😀|\uFFFD\uFFFD\"");
  }

  @Test
  void data_of_256_kib_leaves_as_it_came() {
    String data = "{\"k\":\"" + "é\\u0000 ".repeat(29_000) + "\"  ,\n \"z\":1e131071}";
    assertThat(text(envelope("1", data))).contains(",\"data\":" + data + ",\"metadata\"");
  }

  private static Envelope envelope(String resourceId, String data) {
    return new Envelope(
        EVENT,
        TENANT,
        "invoice.created",
        "invoice",
        resourceId,
        Instant.parse("2024-02-14T15:30:45.123456Z"),
        data);
  }

  private static String text(Envelope envelope) {
    return new String(envelope.body("gestiqcloud"), StandardCharsets.UTF_8);
  }
}
