package io.outboxworker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every receiver of docs/verifying.md runs and tells right signatures from wrong ones. What is sent
 * is signed here and not by the worker's own code, so that the two can't be wrong together.
 */
final class VerifyingGuideTest {

  private static final Path GUIDE = Path.of("../docs/verifying.md");
  private static final String BODY =
      "{\"event\":\"invoice.created\",\"data\":{\"amount\":1.50,\"customer\":\"José \\u00e9"
          + " ✓\",\"b\":1,\"a\":2}}";
  private static final String PLAIN = "sécret with spaces, 32 bytes long";
  private static final String WHSEC =
      "whsec_"
          + Base64.getEncoder()
              .encodeToString("a key of thirty-two bytes, no less".getBytes(UTF_8));
  private static final String OTHER = "another secret, 32 bytes long …";

  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(3))
          .build();
  private static final Map<String, Receiver> RECEIVERS = new ConcurrentHashMap<>();

  @TempDir private static Path temp;

  enum Language {
    PYTHON("python", "receiver.py", "python3"),
    NODE("javascript", "receiver.js", "node"),
    JAVA(
        "java",
        "Receiver.java",
        Path.of(System.getProperty("java.home"), "bin", "java").toString()),
    GO("go", "receiver.go", "go");

    private final String fence;
    private final String file;
    private final String program;

    Language(String fence, String file, String program) {
      this.fence = fence;
      this.file = file;
      this.program = program;
    }

    void assumeInstalled() {
      assumeTrue(isInstalled(program), program + " is not installed: its receiver is not tested");
    }

    /**
     * The command that runs the receiver in this folder; Go's is built first, so that ending it
     * ends the receiver.
     */
    List<String> command(Path folder) throws Exception {
      if (this != GO) {
        return List.of(program, file);
      }
      ProcessBuilder builder = new ProcessBuilder(program, "build", "-o", "receiver", file);
      builder
          .environment()
          .putAll(Map.of("CGO_ENABLED", "0", "GOFLAGS", "-mod=mod", "GOTOOLCHAIN", "local"));
      Process build = builder.directory(folder.toFile()).inheritIO().start();
      // The first build compiles Go's own library, which takes a minute of CPU time.
      assertThat(build.waitFor(300, SECONDS)).isTrue();
      assertThat(build.exitValue()).isZero();
      return List.of(folder.resolve("receiver").toString());
    }
  }

  /** A receiver that runs, and what it has printed. */
  private record Receiver(Process process, URI uri, List<String> lines) {

    static Receiver start(Language language, String form, String secret) {
      try {
        Path folder =
            Files.createDirectories(
                temp.resolve(language + form + Integer.toHexString(secret.hashCode())));
        Files.writeString(folder.resolve(language.file), codeBlock(language.fence, language.file));
        ProcessBuilder builder =
            new ProcessBuilder(language.command(folder)).directory(folder.toFile());
        builder
            .environment()
            .putAll(
                Map.of(
                    "PORT",
                    "0",
                    "WEBHOOK_FORM",
                    form,
                    "WEBHOOK_SECRET",
                    secret,
                    "LC_ALL",
                    "C.UTF-8"));
        Process process = builder.redirectErrorStream(true).start();
        List<String> lines = new CopyOnWriteArrayList<>();
        Thread.ofPlatform().daemon().start(() -> collect(process.inputReader(UTF_8), lines));
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() ->
                lines.stream().anyMatch(l -> l.startsWith("listening on ")) || !process.isAlive());
        assertThat(process.isAlive()).as(String.join("\n", lines)).isTrue();
        String uri = lines.getFirst().substring("listening on ".length());
        return new Receiver(process, URI.create(uri), lines);
      } catch (Exception e) {
        throw new AssertionError("The receiver in " + language + " does not start", e);
      }
    }

    private static void collect(BufferedReader output, List<String> lines) {
      output.lines().forEach(lines::add);
    }

    int post(String body, Map<String, String> headers) throws Exception {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(uri)
              .timeout(Duration.ofSeconds(10))
              .header("Content-Type", "application/json")
              .header("X-Webhook-Event", "invoice.created")
              .POST(BodyPublishers.ofString(body, UTF_8));
      headers.forEach(request::header);
      return CLIENT.send(request.build(), BodyHandlers.discarding()).statusCode();
    }
  }

  @AfterAll
  static void the_receivers_end() throws Exception {
    for (Receiver receiver : RECEIVERS.values()) {
      receiver.process().destroy();
      receiver.process().waitFor(10, SECONDS);
    }
    RECEIVERS.clear();
  }

  @ParameterizedTest
  @EnumSource(Language.class)
  void standard_signatures_are_accepted(Language language) throws Exception {
    for (String secret : List.of(PLAIN, WHSEC)) {
      Receiver receiver = receiver(language, "standard", secret);
      assertThat(receiver.post(BODY, standard(secret, BODY))).isEqualTo(204);
      assertThat(receiver.post(BODY, signedAt(Instant.now().minusSeconds(290), secret, BODY)))
          .isEqualTo(204);
      assertThat(receiver.post(BODY, signedAt(Instant.now().plusSeconds(290), secret, BODY)))
          .isEqualTo(204);
      String large = BODY.replace("✓", "é".repeat(128 * 1024));
      assertThat(receiver.post(large, standard(secret, large))).isEqualTo(204);
    }
  }

  @ParameterizedTest
  @EnumSource(Language.class)
  void standard_signatures_are_accepted_by_either_secret_of_a_rotation(Language language)
      throws Exception {
    Receiver receiver = receiver(language, "standard", WHSEC);
    Map<String, String> headers = standard(WHSEC, BODY);
    String own = headers.get("webhook-signature");
    String other = sign(OTHER, headers, BODY);
    for (String both : List.of(own + " " + other, other + " " + own, "v1a,AAAA v2,x " + own)) {
      assertThat(receiver.post(BODY, with(headers, "webhook-signature", both)))
          .as(both)
          .isEqualTo(204);
    }
  }

  @ParameterizedTest
  @EnumSource(Language.class)
  void wrong_standard_signatures_are_refused(Language language) throws Exception {
    for (String secret : List.of(PLAIN, WHSEC)) {
      Receiver receiver = receiver(language, "standard", secret);
      Map<String, String> headers = standard(secret, BODY);
      String signature = headers.getOrDefault("webhook-signature", "");

      assertThat(receiver.post(BODY + " ", headers)).as("another body").isEqualTo(401);
      assertThat(receiver.post(BODY, standard(OTHER, BODY))).as("another secret").isEqualTo(401);
      assertThat(receiver.post(BODY, with(headers, "webhook-id", "other")))
          .as("another id")
          .isEqualTo(401);
      for (String name : headers.keySet()) {
        assertThat(receiver.post(BODY, without(headers, name))).as("no %s", name).isEqualTo(401);
      }
      for (long seconds : new long[] {-310, 310, -1_000_000, 1_000_000}) {
        Map<String, String> shifted = signedAt(Instant.now().plusSeconds(seconds), secret, BODY);
        assertThat(receiver.post(BODY, shifted)).as("%d s off", seconds).isEqualTo(401);
      }
      for (String time :
          List.of("", "now", "1e9", "-1", "99999999999999999999", "17000000000000")) {
        Map<String, String> strange = with(headers, "webhook-timestamp", time);
        strange.put("webhook-signature", sign(secret, strange, BODY));
        assertThat(receiver.post(BODY, strange)).as("time %s", time).isEqualTo(401);
      }
      for (String wrong : wrongOnes(signature, "v1,")) {
        assertThat(receiver.post(BODY, with(headers, "webhook-signature", wrong)))
            .as(wrong)
            .isEqualTo(401);
      }
      assertThat(receiver.post(BODY, sha256(secret, BODY))).as("the other form").isEqualTo(401);
      assertThat(receiver.post(BODY, headers)).as("the right one, afterwards").isEqualTo(204);
    }
  }

  @ParameterizedTest
  @EnumSource(Language.class)
  void the_signature_of_the_body_is_accepted_in_both_headers(Language language) throws Exception {
    Receiver receiver = receiver(language, "sha256", WHSEC);
    Map<String, String> headers = sha256(WHSEC, BODY);
    assertThat(receiver.post(BODY, headers)).isEqualTo(204);

    String own = headers.getOrDefault("X-Signature", "");
    Map<String, String> rotated = sha256(OTHER, BODY);
    rotated.put("X-Signature-Previous", own);
    assertThat(receiver.post(BODY, rotated)).isEqualTo(204);
    rotated.put("X-Signature", own);
    rotated.put("X-Signature-Previous", sha256(OTHER, BODY).getOrDefault("X-Signature", ""));
    assertThat(receiver.post(BODY, rotated)).isEqualTo(204);
  }

  @ParameterizedTest
  @EnumSource(Language.class)
  void wrong_signatures_of_the_body_are_refused(Language language) throws Exception {
    Receiver receiver = receiver(language, "sha256", WHSEC);
    Map<String, String> headers = sha256(WHSEC, BODY);
    String signature = headers.getOrDefault("X-Signature", "");

    assertThat(receiver.post(BODY.replace("1.50", "1.5"), headers))
        .as("another body")
        .isEqualTo(401);
    assertThat(receiver.post(BODY, sha256(OTHER, BODY))).as("another secret").isEqualTo(401);
    assertThat(receiver.post(BODY, sha256(WHSEC.substring(6), BODY)))
        .as("half a secret")
        .isEqualTo(401);
    assertThat(receiver.post(BODY, Map.of())).as("no header").isEqualTo(401);
    for (String wrong : wrongOnes(signature, "sha256=")) {
      assertThat(receiver.post(BODY, with(headers, "X-Signature", wrong))).as(wrong).isEqualTo(401);
      assertThat(receiver.post(BODY, Map.of("X-Signature-Previous", wrong)))
          .as(wrong)
          .isEqualTo(401);
    }
    assertThat(receiver.post(BODY, standard(WHSEC, BODY))).as("the other form").isEqualTo(401);
    assertThat(receiver.post(BODY, headers)).as("the right one, afterwards").isEqualTo(204);
  }

  @ParameterizedTest
  @EnumSource(Language.class)
  void an_event_that_comes_again_is_answered_but_not_received_again(Language language)
      throws Exception {
    Receiver receiver = receiver(language, "standard", PLAIN);
    Map<String, String> event = standard(PLAIN, BODY);
    Map<String, String> next = standard(PLAIN, BODY);

    assertThat(receiver.post(BODY, event)).isEqualTo(204);
    assertThat(receiver.post(BODY, event)).isEqualTo(204);
    assertThat(receiver.post(BODY, next)).isEqualTo(204);

    String last = "received invoice.created " + next.get("webhook-id");
    await().atMost(Duration.ofSeconds(10)).until(() -> receiver.lines().contains(last));
    assertThat(receiver.lines())
        .containsOnlyOnce("received invoice.created " + event.get("webhook-id"));
  }

  @ParameterizedTest
  @EnumSource(Language.class)
  void a_body_without_end_is_refused(Language language) throws Exception {
    Receiver receiver = receiver(language, "standard", PLAIN);
    String huge = "x".repeat(1024 * 1024 + 1);
    int status;
    try {
      status = receiver.post(huge, standard(PLAIN, huge));
    } catch (IOException e) {
      // The receiver may close the connection before all is sent, and its answer be lost with it.
      status = 413;
    }
    assertThat(status).isEqualTo(413);
    assertThat(receiver.post(BODY, standard(PLAIN, BODY))).isEqualTo(204);
  }

  @ParameterizedTest
  @EnumSource(Language.class)
  void the_recipe_with_curl_and_openssl_signs_what_each_receiver_accepts(Language language)
      throws Exception {
    for (String program : List.of("sh", "curl", "openssl", "od")) {
      assumeTrue(isInstalled(program), program + " is not installed: the recipe is not tested");
    }
    assertThat(recipe(receiver(language, "standard", PLAIN), PLAIN)).isEqualTo("204\n");
    assertThat(recipe(receiver(language, "standard", WHSEC), WHSEC)).isEqualTo("204\n");
    assertThat(recipe(receiver(language, "sha256", WHSEC), WHSEC)).isEqualTo("204\n");
    assertThat(recipe(receiver(language, "sha256", WHSEC), OTHER)).isEqualTo("401\n");
  }

  private static String recipe(Receiver receiver, String secret) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", codeBlock("sh", "send.sh"));
    builder
        .environment()
        .putAll(
            Map.of(
                "URL", receiver.uri().toString(), "WEBHOOK_SECRET", secret, "LC_ALL", "C.UTF-8"));
    Process process = builder.redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(30, SECONDS)).isTrue();
    return out;
  }

  /**
   * What goes wrong with a header in practice: each must be refused, and none may end in an error.
   */
  private static List<String> wrongOnes(String right, String prefix) {
    String value = right.substring(prefix.length());
    String flipped = (value.charAt(0) == 'a' ? 'b' : 'a') + value.substring(1);
    return List.of(
        "",
        prefix,
        value,
        prefix.toUpperCase(Locale.ROOT) + value,
        prefix + flipped,
        prefix + value.substring(0, value.length() - 1),
        prefix + value.substring(0, 2),
        prefix + value + "0",
        prefix + value + value,
        prefix + "z".repeat(value.length()),
        prefix + value.substring(2) + "zz",
        prefix + "é".repeat(value.length()),
        prefix + " " + value,
        "null");
  }

  private static Receiver receiver(Language language, String form, String secret) {
    language.assumeInstalled();
    return RECEIVERS.computeIfAbsent(
        language + form + secret, key -> Receiver.start(language, form, secret));
  }

  private static Map<String, String> standard(String secret, String body) throws Exception {
    return signedAt(Instant.now(), secret, body);
  }

  private static Map<String, String> signedAt(Instant time, String secret, String body)
      throws Exception {
    Map<String, String> headers = new HashMap<>();
    headers.put("webhook-id", UUID.randomUUID().toString());
    headers.put("webhook-timestamp", Long.toString(time.getEpochSecond()));
    headers.put("webhook-signature", sign(secret, headers, body));
    return headers;
  }

  private static String sign(String secret, Map<String, String> headers, String body)
      throws Exception {
    byte[] key =
        secret.startsWith("whsec_")
            ? Base64.getDecoder().decode(secret.substring("whsec_".length()))
            : secret.getBytes(UTF_8);
    String signed = headers.get("webhook-id") + "." + headers.get("webhook-timestamp") + "." + body;
    return "v1," + Base64.getEncoder().encodeToString(hmac(key, signed));
  }

  private static Map<String, String> sha256(String secret, String body) throws Exception {
    Map<String, String> headers = new HashMap<>();
    headers.put("webhook-id", UUID.randomUUID().toString());
    headers.put(
        "X-Signature", "sha256=" + HexFormat.of().formatHex(hmac(secret.getBytes(UTF_8), body)));
    return headers;
  }

  private static byte[] hmac(byte[] key, String text) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(UTF_8));
  }

  private static Map<String, String> with(Map<String, String> headers, String name, String value) {
    Map<String, String> changed = new HashMap<>(headers);
    changed.put(name, value);
    return changed;
  }

  private static Map<String, String> without(Map<String, String> headers, String name) {
    Map<String, String> changed = new HashMap<>(headers);
    changed.remove(name);
    return changed;
  }

  /** The block of the guide in this language whose first line names this file. */
  private static String codeBlock(String language, String file) throws IOException {
    Pattern block =
        Pattern.compile(
            "^```" + language + "\n((?://|#) " + Pattern.quote(file) + ".*?)^```",
            Pattern.MULTILINE | Pattern.DOTALL);
    List<String> found = new ArrayList<>();
    block.matcher(Files.readString(GUIDE)).results().forEach(result -> found.add(result.group(1)));
    assertThat(found).as("blocks of %s", file).hasSize(1);
    return found.getFirst();
  }

  private static boolean isInstalled(String program) {
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (Files.isExecutable(Path.of(folder).resolve(program))) {
        return true;
      }
    }
    return false;
  }
}
