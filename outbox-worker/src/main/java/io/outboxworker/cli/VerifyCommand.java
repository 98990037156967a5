package io.outboxworker.cli;

import io.outboxworker.webhook.SigningSecret;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Verifies the signatures of one request that a receiver kept. */
@Command(
    name = "verify",
    description = {
      "Verifies the signatures of one request: exit code 0 if all that it carries are right, else"
          + " 1.",
      "The body must be byte for byte as it came. Nothing is contacted."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
public final class VerifyCommand implements Callable<Integer> {

  @Option(
      names = "--secret",
      required = true,
      paramLabel = "SECRET",
      description = "The subscription's secret.")
  private String secret;

  @Option(
      names = {"-H", "--header"},
      required = true,
      paramLabel = "'NAME: VALUE'",
      description = "A header of the request; give at least the signature's, once per header.")
  private List<String> headers;

  @Option(
      names = "--body",
      paramLabel = "FILE",
      description = "The request's body; without it: stdin.")
  private @Nullable Path body;

  @Option(
      names = "--tolerance",
      paramLabel = "DURATION",
      description = "How old webhook-timestamp may be; without it: any age.")
  private @Nullable Duration tolerance;

  @Spec private CommandSpec spec;

  private final PrintWriter out;
  private final InputStream stdin;

  /** Findings go to {@code out}; {@code stdin} is read where no file is named. */
  public VerifyCommand(PrintWriter out, InputStream stdin) {
    this.out = out;
    this.stdin = stdin;
  }

  @Override
  public Integer call() {
    var given = headers();
    var verification = Verification.of(secret(), given::get, body(), tolerance, Instant.now());
    if (verification.findings().isEmpty()) {
      throw new CommandFailed("the headers hold no signature (X-Signature or webhook-signature)");
    }
    verification.findings().forEach(out::println);
    return verification.isRight() ? 0 : ExitCodes.FAILED;
  }

  private SigningSecret secret() {
    try {
      return SigningSecret.of(secret);
    } catch (IllegalArgumentException fault) {
      throw new ParameterException(spec.commandLine(), "--secret: " + fault.getMessage(), fault);
    }
  }

  private Map<String, String> headers() {
    var byName = new TreeMap<String, String>();
    for (var header : headers) {
      int colon = header.indexOf(':');
      if (colon < 1) {
        throw new ParameterException(
            spec.commandLine(), "--header is not 'NAME: VALUE': " + header);
      }
      byName.put(
          header.substring(0, colon).strip().toLowerCase(Locale.ROOT),
          header.substring(colon + 1).strip());
    }
    return byName;
  }

  private byte[] body() {
    try {
      return body == null ? stdin.readAllBytes() : Files.readAllBytes(body);
    } catch (IOException e) {
      throw new CommandFailed("the body can't be read: " + e.getMessage());
    }
  }
}
