package io.outboxworker.webhook;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the tests of this room send, and by which rules. */
final class Sending {
  static final UUID DELIVERY = UUID.fromString("018d9a3e-8000-7000-8000-000000000001");
  static final SigningSecret SECRET = SigningSecret.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  static final byte[] BODY = EnvelopeTest.KNOWN_BODY.getBytes(StandardCharsets.UTF_8);
  static final Instant NOW = Instant.ofEpochSecond(1_707_924_645);

  private Sending() {}

  /** Loopback is open, on every port. */
  static EgressRules loopback() {
    return rules("127.0.0.0/8", "::1/128");
  }

  static EgressRules rules(String... allowedNetworks) {
    List<Cidr> networks = java.util.stream.Stream.of(allowedNetworks).map(Cidr::parse).toList();
    return new EgressRules(true, networks, Set.of(80, 443), Set.of(), Set.of());
  }

  static Sender sender(EgressRules rules) {
    return new Sender(new EndpointGuard(rules), "1.2.3", null, null);
  }

  static Post post(URI url, Duration timeout) {
    return post(url, timeout, BODY, null, Map.of(), null);
  }

  static Post post(
      URI url,
      Duration timeout,
      byte[] body,
      @Nullable SigningSecret previous,
      Map<String, String> headers,
      @Nullable String traceparent) {
    return new Post(
        url,
        DELIVERY,
        EnvelopeTest.EVENT,
        "invoice.created",
        2,
        body,
        SECRET,
        previous,
        headers,
        traceparent,
        timeout);
  }

  /** Waits for the outcome, for much longer than any attempt may take. */
  static Outcome outcome(Sender sender, Post post) throws Exception {
    return sender.send(post, NOW).get(30, TimeUnit.SECONDS);
  }
}
