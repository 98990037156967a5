package io.outboxworker.webhook;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The URL forms of {@code egress/urls.txt}, and a DNS in which all names lead to the canary. */
final class HostileUrls {
  static final String RECEIVER_NAME = "receiver.example";

  private HostileUrls() {}

  /** Each form as it is written, with no port of its own. */
  static List<String> plain() {
    return forms("").toList();
  }

  /** Each form as it is written, and once more with this port in it. */
  static List<String> withPort(int port) {
    return Stream.concat(forms(""), forms(":" + port)).distinct().toList();
  }

  private static Stream<String> forms(String port) {
    String tooLong = "http://" + RECEIVER_NAME + port + "/" + "a".repeat(2048);
    return Stream.concat(
        Stream.of("", RECEIVER_NAME + port, tooLong),
        text()
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(line -> unescaped(line.replaceFirst("\\d+ +", "")))
            .map(form -> form.replace("{port}", port).replace("{pub}", RECEIVER_NAME)));
  }

  private static String unescaped(String line) {
    return Pattern.compile("\\\\u(....)")
        .matcher(line)
        .replaceAll(code -> Character.toString(Integer.parseInt(code.group(1), 16)))
        .translateEscapes();
  }

  private static String text() {
    try (InputStream file = HostileUrls.class.getResourceAsStream("/egress/urls.txt")) {
      return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Answers every name with 127.0.0.1 but those of the receiver and of the public internet. */
  static final class EveryNameIsTheCanary implements InetAddressResolver {
    @Override
    public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
        throws UnknownHostException {
      byte[] address =
          switch (host) {
            case RECEIVER_NAME -> new byte[] {127, 0, 0, 2};
            case "public.test" -> new byte[] {93, (byte) 184, (byte) 215, 14};
            default -> new byte[] {127, 0, 0, 1};
          };
      return Stream.of(InetAddress.getByAddress(host, address));
    }

    @Override
    public String lookupByAddress(byte[] address) throws UnknownHostException {
      throw new UnknownHostException();
    }
  }
}
