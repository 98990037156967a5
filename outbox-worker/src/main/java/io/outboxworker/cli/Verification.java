package io.outboxworker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.webhook.SigningSecret;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a receiver that holds the secret finds about a request: of each form of signature that it
 * carries, whether it is right.
 */
record Verification(List<Finding> findings) {

  /** One thing that was looked at. */
  record Finding(String name, boolean right, String detail) {
    @Override
    public String toString() {
      return name + ": " + detail;
    }
  }

  /**
   * Verifies the body against the headers ({@code header} gives a value by its lower-case name); a
   * null tolerance accepts a timestamp of any age.
   */
  static Verification of(
      SigningSecret secret,
      Function<String, @Nullable String> header,
      byte[] body,
      @Nullable Duration tolerance,
      Instant now) {
    var findings = new ArrayList<Finding>();
    var signature = header.apply("x-signature");
    if (signature != null) {
      findings.add(bodyForm(secret, signature, header.apply("x-signature-previous"), body));
    }
    var standard = header.apply("webhook-signature");
    if (standard != null) {
      findings.add(standardForm(secret, standard, header, body));
      if (tolerance != null) {
        findings.add(age(header.apply("webhook-timestamp"), tolerance, now));
      }
    }
    return new Verification(findings);
  }

  /** Whether there is at least one signature, and nothing that is wrong. */
  boolean isRight() {
    return !findings.isEmpty() && findings.stream().allMatch(Finding::right);
  }

  @Override
  public String toString() {
    return findings.isEmpty()
        ? "no signature"
        : String.join(", ", findings.stream().map(Finding::toString).toList());
  }

  private static Finding bodyForm(
      SigningSecret secret, String signature, @Nullable String previous, byte[] body) {
    var expected = secret.bodySignature(body);
    if (same(expected, signature)) {
      return new Finding("X-Signature", true, "right");
    }
    return previous != null && same(expected, previous)
        ? new Finding("X-Signature-Previous", true, "right")
        : new Finding("X-Signature", false, "WRONG");
  }

  private static Finding standardForm(
      SigningSecret secret,
      String signatures,
      Function<String, @Nullable String> header,
      byte[] body) {
    var id = header.apply("webhook-id");
    var timestamp = header.apply("webhook-timestamp");
    if (id == null || timestamp == null || !timestamp.matches("\\d{1,12}")) {
      return new Finding(
          "webhook-signature", false, "WRONG: webhook-id or webhook-timestamp is missing");
    }
    var expected = secret.standardSignature(id, Long.parseLong(timestamp), body);
    boolean right = Arrays.stream(signatures.split(" ", -1)).anyMatch(one -> same(expected, one));
    return new Finding("webhook-signature", right, right ? "right" : "WRONG");
  }

  private static Finding age(@Nullable String timestamp, Duration tolerance, Instant now) {
    if (timestamp == null || !timestamp.matches("\\d{1,12}")) {
      return new Finding("webhook-timestamp", false, "WRONG: not a number of seconds");
    }
    long seconds = now.getEpochSecond() - Long.parseLong(timestamp);
    boolean right = Math.abs(seconds) <= tolerance.toSeconds();
    return new Finding(
        "webhook-timestamp", right, right ? "right" : "WRONG: " + seconds + " s old");
  }

  /** In constant time, so that the answer's delay tells nothing about the signature. */
  private static boolean same(String expected, String given) {
    return MessageDigest.isEqual(expected.getBytes(UTF_8), given.getBytes(UTF_8));
  }
}
