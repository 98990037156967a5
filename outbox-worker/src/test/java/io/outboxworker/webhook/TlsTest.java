package io.outboxworker.webhook;

import static io.outboxworker.webhook.Sending.post;
import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.RawReceiver;
import io.outboxworker.webhook.EndpointGuardTest.Names;
import io.outboxworker.webhook.Outcome.Accepted;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates made by the JDK's keytool, on a receiver of 127.0.0.1. */
class TlsTest {
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir static Path dir;

  @BeforeAll
  static void makeCertificates() throws Exception {
    keytool(
        "-genkeypair",
        "-alias",
        "ca",
        "-keyalg",
        "EC",
        "-dname",
        "CN=Test CA",
        "-ext",
        "bc:c",
        "-startdate",
        "-30d",
        "-validity",
        "60");
    keytool("-exportcert", "-rfc", "-alias", "ca", "-file", dir.resolve("ca.pem").toString());
    keytool(
        "-genkeypair",
        "-alias",
        "good",
        "-keyalg",
        "EC",
        "-dname",
        "CN=hooks.test",
        "-signer",
        "ca",
        "-ext",
        "san=dns:hooks.test",
        "-validity",
        "2");
    keytool(
        "-genkeypair",
        "-alias",
        "old",
        "-keyalg",
        "EC",
        "-dname",
        "CN=hooks.test",
        "-signer",
        "ca",
        "-ext",
        "san=dns:hooks.test",
        "-startdate",
        "-10d",
        "-validity",
        "2");
  }

  @BeforeEach
  void answerForNames() {
    GuardedResolver.answerWith(
        new Names().with("hooks.test", "127.0.0.1").with("other.test", "127.0.0.1"));
  }

  @AfterEach
  void askDnsAgain() {
    GuardedResolver.answerWith(null);
  }

  @Test
  void a_certificate_of_an_added_authority_is_trusted_for_its_own_name_alone() throws Exception {
    try (RawReceiver receiver = receiver("good")) {
      assertThat(outcome("hooks.test", receiver, dir.resolve("ca.pem")))
          .isInstanceOf(Accepted.class);
      assertThat(receiver.requests().get(0).body()).isEqualTo(EnvelopeTest.KNOWN_BODY);
      assertTlsError(
          outcome("other.test", receiver, dir.resolve("ca.pem")),
          "TLS: certificate is for another host name");
      assertTlsError(
          outcome("127.0.0.1", receiver, dir.resolve("ca.pem")),
          "TLS: certificate is for another host name");
    }
  }

  @Test
  void a_certificate_that_nobody_vouches_for_is_a_tls_error() throws Exception {
    try (RawReceiver receiver = receiver("good")) {
      assertTlsError(
          outcome("hooks.test", receiver, null),
          "TLS: certificate is not signed by a known authority");
    }
  }

  @Test
  void an_expired_certificate_is_a_tls_error() throws Exception {
    try (RawReceiver receiver = receiver("old")) {
      assertTlsError(
          outcome("hooks.test", receiver, dir.resolve("ca.pem")), "TLS: certificate has expired");
    }
  }

  private static void assertTlsError(Outcome outcome, String error) {
    assertThat(outcome.error()).isEqualTo(error);
    assertThat(outcome.retryReason()).isEqualTo("tls_error");
  }

  private static Outcome outcome(String host, RawReceiver receiver, @Nullable Path caFile)
      throws Exception {
    URI url = URI.create("https://" + host + ":" + receiver.port() + "/");
    EndpointGuard guard = new EndpointGuard(Sending.loopback());
    try (Sender sender = new Sender(guard, "1", caFile, null)) {
      return Sending.outcome(sender, post(url, LIMIT));
    }
  }

  private static RawReceiver receiver(String alias) throws Exception {
    KeyStore all = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(dir.resolve("store.p12"))) {
      all.load(in, PASSWORD);
    }
    KeyStore one = KeyStore.getInstance("PKCS12");
    one.load(null, null);
    one.setKeyEntry(alias, all.getKey(alias, PASSWORD), PASSWORD, all.getCertificateChain(alias));
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(one, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    ServerSocket socket =
        context
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    return RawReceiver.on(socket, RawReceiver.repeating(RawReceiver.response(200, "ok")));
  }

  private static void keytool(String... arguments) throws IOException, InterruptedException {
    String tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> command = new ArrayList<>(List.of(tool));
    command.addAll(List.of(arguments));
    command.addAll(List.of("-keystore", dir.resolve("store.p12").toString()));
    command.addAll(List.of("-storetype", "PKCS12", "-storepass", "changeit"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }
}
