package io.outboxworker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.Cli;
import io.outboxworker.testing.Cli.Ran;
import io.outboxworker.webhook.SigningSecret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {

  private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final String OTHER = "another secret of some length";
  private static final byte[] BODY = "{\"event\":\"invoice.created\"}".getBytes(UTF_8);

  @TempDir Path folder;
  private String body = "";

  @BeforeEach
  void write() throws IOException {
    body = Files.write(folder.resolve("body"), BODY).toString();
  }

  @Test
  void right_signatures_of_both_forms_end_with_0() {
    var ran = verify(SECRET, signed(SECRET), standard(SECRET, 1_700_000_000));
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out()).isEqualTo("X-Signature: right\nwebhook-signature: right\n");
    assertThat(ran.err()).isEmpty();
  }

  @Test
  void one_form_alone_is_enough() {
    assertThat(verify(SECRET, signed(SECRET)).exitCode()).isZero();
    assertThat(verify(SECRET, standard(SECRET, 1_700_000_000)).exitCode()).isZero();
  }

  @Test
  void a_wrong_signature_ends_with_1_and_says_which() {
    var ran = verify(SECRET, signed(OTHER), standard(SECRET, 1_700_000_000));
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).isEqualTo("X-Signature: WRONG\nwebhook-signature: right\n");
  }

  @Test
  void a_body_changed_by_one_byte_is_wrong_in_both_forms() throws IOException {
    Files.writeString(Path.of(body), " ", StandardOpenOption.APPEND);
    var ran = verify(SECRET, signed(SECRET), standard(SECRET, 1_700_000_000));
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).isEqualTo("X-Signature: WRONG\nwebhook-signature: WRONG\n");
  }

  @Test
  void during_a_rotation_the_old_secret_is_right_too() {
    var previous = "X-Signature-Previous: " + SigningSecret.of(SECRET).bodySignature(BODY);
    var ran = verify(SECRET, signed(OTHER), List.of(previous));
    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out()).isEqualTo("X-Signature-Previous: right\n");
  }

  @Test
  void any_signature_of_the_standard_list_may_be_the_right_one() {
    var headers = new ArrayList<>(standard(SECRET, 1_700_000_000));
    headers.set(2, headers.get(2).replace("v1,", "v1,AAAA v1,"));
    assertThat(verify(SECRET, headers).exitCode()).isZero();
  }

  @Test
  void the_age_counts_only_where_a_tolerance_is_given() {
    var old = standard(SECRET, Instant.now().getEpochSecond() - 600);
    assertThat(verify(SECRET, old).exitCode()).isZero();
    var arguments = arguments(SECRET, List.of(old));
    arguments.addAll(List.of("--tolerance", "5m"));
    var ran = Cli.run(Map.of(), arguments.toArray(String[]::new));
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).contains("webhook-timestamp: WRONG: 60").contains(" s old");
  }

  @Test
  void a_request_without_signatures_is_not_verified() {
    var ran = verify(SECRET, List.of("Content-Type: application/json"));
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err()).contains("hold no signature");
  }

  @Test
  void nonsense_is_a_usage_error() {
    assertThat(verify("short", signed(SECRET)).exitCode()).isEqualTo(64);
    assertThat(verify(SECRET, List.of("no colon")).exitCode()).isEqualTo(64);
    assertThat(Cli.run(Map.of(), "verify").exitCode()).isEqualTo(64);
  }

  private static List<String> signed(String secret) {
    return List.of("X-Signature: " + SigningSecret.of(secret).bodySignature(BODY));
  }

  private static List<String> standard(String secret, long seconds) {
    return List.of(
        "Webhook-Id: evt-1",
        "webhook-timestamp: " + seconds,
        "webhook-signature: " + SigningSecret.of(secret).standardSignature("evt-1", seconds, BODY));
  }

  private Ran verify(String secret, List<String> headers) {
    return verify(secret, headers, List.of());
  }

  private Ran verify(String secret, List<String> headers, List<String> more) {
    return Cli.run(Map.of(), arguments(secret, List.of(headers, more)).toArray(String[]::new));
  }

  private List<String> arguments(String secret, List<List<String>> headers) {
    var arguments = new ArrayList<>(List.of("verify", "--secret", secret, "--body", body));
    headers.forEach(some -> some.forEach(header -> arguments.addAll(List.of("-H", header))));
    return arguments;
  }
}
