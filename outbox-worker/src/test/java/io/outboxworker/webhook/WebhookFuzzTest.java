package io.outboxworker.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Seeded generators of hostile input; {@code -Dfuzz.rounds=…} makes the runs longer. */
class WebhookFuzzTest {
  private static final int ROUNDS = Integer.getInteger("fuzz.rounds", 50_000);
  private static final Instant NOW = Instant.parse("2024-02-14T15:30:45Z");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Random random = new Random(20_240_214);

  @BeforeEach
  void answerForNames() {
    GuardedResolver.answerWith(new HostileUrls.EveryNameIsTheCanary());
  }

  @AfterEach
  void askDnsAgain() {
    GuardedResolver.answerWith(null);
  }

  @Test
  void a_url_that_the_validator_lets_pass_is_one_that_every_reader_reads_alike() {
    EndpointGuard guard = new EndpointGuard(Sending.rules());
    List<String> seeds = HostileUrls.withPort(8443);
    int passed = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String text = mutated(seeds.get(random.nextInt(seeds.size())));
      EndpointUrl read = EndpointUrl.read(text, true);
      assertThat(read.faults()).allSatisfy(fault -> assertThat(fault).hasSizeLessThan(400));
      if (!read.faults().isEmpty()) {
        assertThat(guard.faults(text)).as(text).isNotEmpty();
        continue;
      }
      passed++;
      URI uri = URI.create(text);
      assertThat(uri.getHost()).as(text).isEqualToIgnoringCase(read.host());
      assertThat(uri.getRawUserInfo()).as(text).isNull();
      assertThat(uri.toASCIIString()).isEqualTo(text);
      InetAddress literal = read.literal();
      if (literal != null) {
        assertThat(guard.forbids(uri) == null)
            .as(text)
            .isEqualTo(
                AddressRanges.isPublic(literal) && (read.port() == 80 || read.port() == 443));
      } else {
        // What a C library would take for an address must not pass for a name.
        assertThat(read.host())
            .doesNotMatch("(?:0x[0-9a-f]+|[0-9]+)(?:\\.(?:0x[0-9a-f]+|[0-9]+)){0,3}");
      }
    }
    assertThat(passed).isGreaterThan(ROUNDS / 100);
  }

  @Test
  void a_pause_that_is_asked_for_lies_between_nothing_and_an_hour() {
    String alphabet = "0123456789 :,-+GMTFebWd.eE\t\u0661;\"'";
    int understood = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String value =
          switch (random.nextInt(3)) {
            case 0 -> text(alphabet, 24);
            case 1 -> mutated("Wed, 14 Feb 2024 15:31:45 GMT");
            default -> Long.toString(random.nextLong() >> random.nextInt(64));
          };
      Duration pause = Answers.retryAfter(value, NOW);
      if (pause != null) {
        understood++;
        assertThat(pause).as(value).isBetween(Duration.ZERO, Duration.ofHours(1));
      }
    }
    assertThat(understood).isGreaterThan(ROUNDS / 100);
  }

  @Test
  void an_envelope_of_hostile_text_is_one_line_of_json_that_says_what_went_in() throws Exception {
    for (int round = 0; round < ROUNDS / 10; round++) {
      String event = anyText(40);
      String type = anyText(40);
      String id = anyText(200);
      String source = anyText(20);
      // No database holds half a pair, so no data does.
      String data =
          withoutHalfPairs(
              JSON.writeValueAsString(JSON.createObjectNode().put(anyText(5), anyText(60))));
      Envelope envelope =
          new Envelope(UUID.randomUUID(), new UUID(1, 2), event, type, id, NOW, data);
      byte[] body = envelope.body(source);
      String text = new String(body, StandardCharsets.UTF_8);
      assertThat(text.getBytes(StandardCharsets.UTF_8)).isEqualTo(body);
      assertThat(text.chars().noneMatch(c -> c < ' ')).as("no control character").isTrue();
      JsonNode read = JSON.readTree(body);
      assertThat(read.path("event").textValue()).isEqualTo(withoutHalfPairs(event));
      assertThat(read.path("resource_type").textValue()).isEqualTo(withoutHalfPairs(type));
      assertThat(read.path("resource_id").textValue()).isEqualTo(withoutHalfPairs(id));
      assertThat(read.path("metadata").path("source").textValue())
          .isEqualTo(withoutHalfPairs(source));
      assertThat(text).contains("\"data\":" + data + ",\"metadata\":");
      assertThat(read.size()).isEqualTo(6);
    }
  }

  private String mutated(String seed) {
    StringBuilder text = new StringBuilder(seed);
    for (int change = random.nextInt(4); change > 0; change--) {
      int at = text.isEmpty() ? 0 : random.nextInt(text.length());
      switch (random.nextInt(4)) {
        case 0 -> text.insert(at, anyCharacter());
        case 1 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(3)));
        case 2 ->
            text.insert(
                at,
                List.of("@", "#", "?", "//", "\\", "%00", "[", "]", ":", "0x", "::ffff:", ".")
                    .get(random.nextInt(12)));
        default -> {
          if (!text.isEmpty()) {
            text.setCharAt(at, anyCharacter());
          }
        }
      }
    }
    return text.toString();
  }

  private char anyCharacter() {
    return random.nextInt(10) == 0
        ? (char) random.nextInt(0x10000)
        : (char) (' ' + random.nextInt(95));
  }

  private String anyText(int most) {
    StringBuilder text = new StringBuilder();
    for (int left = random.nextInt(most); left > 0; left--) {
      int kind = random.nextInt(6);
      text.append(
          kind == 0
              ? (char) random.nextInt(0x20)
              : kind == 1 ? (char) random.nextInt(0x10000) : anyCharacter());
    }
    return text.toString();
  }

  private String text(String alphabet, int most) {
    StringBuilder text = new StringBuilder();
    for (int left = random.nextInt(most); left > 0; left--) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }

  /** Half a pair has no UTF-8: U+FFFD stands for it. */
  private static String withoutHalfPairs(String text) {
    return text.codePoints()
        .map(c -> c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
