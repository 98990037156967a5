package io.outboxworker.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.testing.RawReceiver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointGuardTest {
  private static final EndpointGuard STRICT = new EndpointGuard(Sending.rules());
  private static final EndpointGuard OPEN =
      new EndpointGuard(Sending.rules("127.0.0.0/8", "10.0.0.0/8", "169.254.0.0/16", "fd00::/8"));

  @BeforeEach
  void answerForNames() {
    GuardedResolver.answerWith(
        new Names()
            .with("public.test", "93.184.215.14")
            .with("db", "10.0.0.5")
            .with("receiver.internal", "10.0.0.6")
            .with("database.example", "10.0.0.5")
            .with("127.0.0.1.nip.example", "127.0.0.1")
            .with("169.254.169.254.nip.example", "169.254.169.254")
            .with("private.test", "10.0.0.7")
            .with("mixed.test", "93.184.215.14", "10.0.0.7")
            .with("metadata.google.internal", "169.254.169.254")
            .with("localhost", "127.0.0.1"));
  }

  @AfterEach
  void askDnsAgain() {
    GuardedResolver.answerWith(null);
  }

  static Stream<String> forbidden() {
    return HostileUrls.plain().stream();
  }

  @ParameterizedTest
  @MethodSource("forbidden")
  void a_way_in_is_a_fault_when_saved_and_forbidden_when_sent(String url) {
    List<String> faults = STRICT.faults(url);
    assertThat(faults).isNotEmpty();
    assertThat(faults)
        .allSatisfy(fault -> assertThat(fault).contains("allowed").hasSizeLessThan(300));
    try {
      EndpointUrl sent = STRICT.read(new URI(url));
      boolean judgedWhenResolved = sent.faults().isEmpty() && sent.host().endsWith(".example");
      assertThat(STRICT.forbids(sent) == null).isEqualTo(judgedWhenResolved);
    } catch (URISyntaxException e) {
      // No such URL can reach a send.
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://public.test/", "https://public.test", "HTTPS://PUBLIC.TEST/hook?a=b%20c&d",
        "http://public.test:80/", "https://public.test:443/", "https://8.8.8.8/",
        "https://[2606:4700::1111]/", "https://xn--bcher-kva.example/", "https://a-b.c1.example/"
      })
  void a_public_endpoint_has_no_fault(String url) {
    assertThat(STRICT.faults(url)).isEmpty();
    assertThat(STRICT.forbids(URI.create(url))).isNull();
  }

  @Test
  void plain_http_must_be_allowed() {
    EndpointGuard tls =
        new EndpointGuard(new EgressRules(false, List.of(), Set.of(443), Set.of(), Set.of()));
    assertThat(tls.faults("http://public.test/"))
        .containsExactly("scheme \"http\" is not allowed, allowed is https");
    assertThat(tls.faults("https://public.test:80/"))
        .containsExactly("port 80 is not allowed, allowed for public addresses: 443");
    assertThat(tls.faults("https://public.test/")).isEmpty();
  }

  @Test
  void every_fault_of_a_url_is_told_at_once_and_passwords_are_not() {
    assertThat(STRICT.faults("ftp://user:hunter2@a_b.example:99999999/#top"))
        .hasSizeGreaterThanOrEqualTo(3)
        .noneMatch(fault -> fault.contains("hunter2"));
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:8085/, true",
    "http://10.1.2.3/, true",
    "http://10.1.2.3:22/, true",
    "http://[fd00::1]:9999/, true",
    "http://db/, true",
    "http://db:9000/, true",
    "http://localhost:9000/, true",
    "http://receiver.internal:9000/, true",
    "http://private.test:9000/, true",
    "http://public.test/, true",
    "http://public.test:9000/, false",
    "http://8.8.8.8:9000/, false",
    "http://192.168.0.1/, false",
    "http://169.254.169.254/, false",
    "http://[fd00:ec2::254]/, false",
    "http://metadata.google.internal/, false",
    "http://mixed.test/, true",
    "http://mixed.test:9000/, false",
    "http://nowhere/, false",
    "http://nowhere.test/, true",
    "http://nowhere.test:9000/, false"
  })
  void an_allowed_network_opens_its_addresses_on_every_port(String url, boolean open) {
    assertThat(OPEN.faults(url).isEmpty()).isEqualTo(open);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://private.test/", "http://mixed.test/"})
  void a_name_that_leads_inside_is_a_fault_that_does_not_tell_where(String url) {
    assertThat(STRICT.faults(url))
        .singleElement()
        .asString()
        .contains("not allowed")
        .doesNotContain("10.0.0");
  }

  @Test
  void our_own_listeners_and_databases_stay_closed_by_address_and_port() throws Exception {
    EndpointGuard guard =
        new EndpointGuard(
            new EgressRules(
                true,
                List.of(Cidr.parse("0.0.0.0/0")),
                Set.of(80),
                Set.of(
                    new InetSocketAddress(InetAddress.getAllByName("10.0.0.9")[0], 5432),
                    InetSocketAddress.createUnresolved("db", 6432),
                    new InetSocketAddress(8000)),
                Set.of("db")));
    assertThat(guard.faults("http://10.0.0.9:5432/")).isNotEmpty();
    assertThat(guard.faults("http://10.0.0.9:5433/")).isEmpty();
    assertThat(guard.faults("http://db:6432/")).isNotEmpty();
    assertThat(guard.faults("http://10.0.0.5:6432/")).isNotEmpty();
    assertThat(guard.faults("http://db:9000/")).isEmpty();
    assertThat(guard.faults("http://127.0.0.1:8000/")).isNotEmpty();
    assertThat(guard.faults("http://127.9.9.9:8000/")).isNotEmpty();
    assertThat(guard.faults("http://0.0.0.0:8000/")).isNotEmpty();
    assertThat(guard.faults("http://localhost:8000/")).isNotEmpty();
    assertThat(guard.faults("http://localhost:8001/")).isEmpty();
    assertThat(guard.forbids(URI.create("http://10.0.0.9:5432/"))).isNotNull();
  }

  @Test
  void a_saved_url_of_a_receiver_on_loopback_can_be_sent_to() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering(200)) {
      assertThat(OPEN.faults(receiver.url().toString())).isEmpty();
      assertThat(OPEN.forbids(receiver.url())).isNull();
    }
  }

  /** Names and what they resolve to, in the place of DNS. */
  static final class Names implements InetAddressResolver {
    private final java.util.Map<String, List<InetAddress>> names =
        new java.util.concurrent.ConcurrentHashMap<>();

    Names with(String host, String... literals) {
      names.put(host, Stream.of(literals).map(literal -> address(host, literal)).toList());
      return this;
    }

    /** TLS takes the name of its peer from the address, as DNS would have given it. */
    private static InetAddress address(String host, String literal) {
      try {
        byte[] bytes = InetAddress.getAllByName(literal)[0].getAddress();
        return InetAddress.getByAddress(host, bytes);
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException(literal, e);
      }
    }

    void forget(String host) {
      names.remove(host);
    }

    @Override
    public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
        throws UnknownHostException {
      List<InetAddress> found = names.get(host);
      if (found == null) {
        throw new UnknownHostException(host);
      }
      return found.stream();
    }

    @Override
    public String lookupByAddress(byte[] address) throws UnknownHostException {
      throw new UnknownHostException();
    }
  }
}
