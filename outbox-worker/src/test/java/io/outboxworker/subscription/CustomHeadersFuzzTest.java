package io.outboxworker.subscription;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CustomHeadersFuzzTest {
  private static final int ROUNDS = Integer.getInteger("fuzz.rounds", 50_000);

  private final Random random = new Random(20_240_214);

  @Test
  void a_header_that_passes_can_be_sent_as_it_is_and_is_none_of_ours() {
    int passed = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String name = (random.nextInt(4) == 0 ? "" : "X-") + text(12);
      String value = text(20);
      if (CustomHeaders.faults(Map.of(name, value)).isEmpty()) {
        passed++;
        assertThatCode(
                () -> HttpRequest.newBuilder(URI.create("http://a.example/")).header(name, value))
            .doesNotThrowAnyException();
        assertThat(name).startsWithIgnoringCase("x-").doesNotStartWithIgnoringCase("x-webhook-");
        assertThat(value.chars().allMatch(c -> c >= ' ' && c < 0x7f)).isTrue();
      }
    }
    assertThat(passed).isGreaterThan(ROUNDS / 1000);
  }

  private String text(int most) {
    StringBuilder text = new StringBuilder();
    for (int left = random.nextInt(most); left > 0; left--) {
      text.append(
          switch (random.nextInt(12)) {
            case 0 -> (char) random.nextInt(0x100);
            case 1 -> "\r\n :\u0000".charAt(random.nextInt(5));
            default -> "abcXYZ019-_".charAt(random.nextInt(11));
          });
    }
    return text.toString();
  }
}
