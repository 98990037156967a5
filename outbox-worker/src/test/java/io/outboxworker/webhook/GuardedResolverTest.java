package io.outboxworker.webhook;

import static io.outboxworker.webhook.Sending.outcome;
import static io.outboxworker.webhook.Sending.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.util.DefaultResourceRetriever;
import io.outboxworker.testing.RawReceiver;
import io.outboxworker.webhook.EndpointGuardTest.Names;
import io.outboxworker.webhook.Outcome.Accepted;
import io.outboxworker.webhook.Outcome.Blocked;
import io.outboxworker.webhook.Outcome.Reason;
import io.outboxworker.webhook.Outcome.Unreachable;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Runs on 127.0.0.2 as the allowed network, with canaries on 127.0.0.1. */
class GuardedResolverTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private final Names names = new Names();
  private final Sender sender = Sending.sender(Sending.rules("127.0.0.2/32"));

  @AfterEach
  void askDnsAgain() {
    sender.close();
    GuardedResolver.answerWith(null);
  }

  @Test
  void a_name_is_sent_to_where_all_its_addresses_are_open() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering("127.0.0.2", 200)) {
      GuardedResolver.answerWith(names.with("open.test", "127.0.0.2"));
      assertThat(outcome(sender, post(url("open.test", receiver), LIMIT)))
          .isInstanceOf(Accepted.class);
      assertThat(receiver.requests().get(0).header("Host"))
          .isEqualTo("open.test:" + receiver.port());
    }
  }

  @Test
  void one_forbidden_address_refuses_the_whole_name() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering("127.0.0.2", 200);
        RawReceiver canary = RawReceiver.answering("127.0.0.1", 200)) {
      GuardedResolver.answerWith(
          names
              .with("canary.test", "127.0.0.1")
              .with("mixed.test", "127.0.0.2", "10.0.0.1")
              .with("meta.test", "169.254.169.254")
              .with("nat64.test", "64:ff9b::a9fe:a9fe")
              .with("localhost", "127.0.0.1"));
      for (String host : List.of("canary.test", "CANARY.test", "localhost")) {
        assertBlocked(url(host, canary));
      }
      for (String host : List.of("mixed.test", "meta.test", "nat64.test")) {
        assertBlocked(url(host, receiver));
      }
      assertThat(canary.connections()).isZero();
      assertThat(receiver.connections()).isZero();
    }
  }

  @Test
  void localhost_that_nobody_resolves_is_not_taken_for_loopback() throws Exception {
    // The JDK itself answers any exception of a resolver for this name with 127.0.0.1.
    EgressRules rules = Sending.rules("127.0.0.2/32");
    GuardedResolver.answerWith(names);
    try (Sender own = Sending.sender(rules);
        RawReceiver canary = RawReceiver.answering("127.0.0.1", 200)) {
      for (String host : List.of("localhost", "LOCALHOST")) {
        Outcome outcome = outcome(own, post(url(host, canary), LIMIT));
        assertThat(outcome.retryReason()).isEqualTo("dns_error");
        EndpointUrl url = EndpointUrl.read(url(host, canary), true);
        assertThatThrownBy(() ->
                new Destination(new EndpointGuard(rules), url)
                    .during(() -> new InetSocketAddress(host, canary.port()))
                    .getAddress()
                    .isLoopbackAddress())
            .isInstanceOf(NullPointerException.class);
      }
      assertThat(canary.connections()).isZero();
    }
  }

  @Test
  void a_name_that_this_process_resolved_for_itself_is_still_refused() throws Exception {
    EgressRules rules =
        new EgressRules(
            true, List.of(Cidr.parse("127.0.0.2/32")), Set.of(80), Set.of(), Set.of("db.test"));
    EndpointGuard guard = new EndpointGuard(rules);
    GuardedResolver.answerWith(names.with("db.test", "127.0.0.1").with("other.test", "10.0.0.1"));
    guard.install();
    try (Sender own = new Sender(guard, "1", null, null);
        RawReceiver canary = RawReceiver.answering("127.0.0.1", 200)) {
      assertThat(InetAddress.getAllByName("db.test")).hasSize(1);
      assertThat(InetAddress.getAllByName("localhost")).isNotEmpty();
      assertThatThrownBy(() -> InetAddress.getAllByName("other.test"))
          .isInstanceOf(UnknownHostException.class)
          .hasMessageContaining("endpoint address is not allowed");
      assertThat(outcome(own, post(url("db.test", canary), LIMIT))).isInstanceOf(Blocked.class);
      assertThat(canary.connections()).isZero();
    } finally {
      GuardedResolver.uninstall();
    }
  }

  @Test
  void a_proxy_and_an_identity_provider_are_found_by_name_in_a_network_that_is_closed_to_webhooks()
      throws Exception {
    EgressRules rules =
        new EgressRules(true, List.of(), Set.of(80), Set.of(), Set.of("proxy.test", "id.test"));
    EndpointGuard guard = new EndpointGuard(rules);
    GuardedResolver.answerWith(
        names
            .with("proxy.test", "127.0.0.1")
            .with("id.test", "127.0.0.1")
            .with("other.test", "127.0.0.1"));
    guard.install();
    try (RawReceiver inside = RawReceiver.answering(RawReceiver.response(200, "{}"))) {
      var proxy = InetSocketAddress.createUnresolved("proxy.test", inside.port());
      try (Sender proxied = new Sender(guard, "1", null, proxy)) {
        URI hook = URI.create("http://hooks.example.com/in");
        assertThat(outcome(proxied, post(hook, LIMIT))).isInstanceOf(Accepted.class);
      }
      assertThat(inside.requests().get(0).line())
          .isEqualTo("POST http://hooks.example.com/in HTTP/1.1");
      // What asks for the keys that logins are signed with.
      var retriever = new DefaultResourceRetriever(2_000, 2_000);
      URI keys = url("id.test", inside);
      assertThat(retriever.retrieveResource(keys.toURL()).getContent()).isEqualTo("{}");
      URI other = url("other.test", inside);
      assertThatThrownBy(() -> retriever.retrieveResource(other.toURL()))
          .isInstanceOf(UnknownHostException.class);
      try (Sender direct = new Sender(guard, "1", null, null)) {
        assertThat(outcome(direct, post(keys, LIMIT))).isInstanceOf(Blocked.class);
      }
      assertThat(inside.requests()).hasSize(2);
    } finally {
      GuardedResolver.uninstall();
    }
  }

  @Test
  void rebinding_never_reaches_the_canary() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering("127.0.0.2", 200);
        RawReceiver canary = RawReceiver.answering("127.0.0.1", receiver.port(), 200)) {
      for (int flip = 0; flip < 40; flip++) {
        // A new resolver forgets what was kept, as if half a minute had passed.
        GuardedResolver.answerWith(
            names.with("flip.test", flip % 2 == 0 ? "127.0.0.2" : "127.0.0.1"));
        List<CompletableFuture<Outcome>> running = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
          running.add(sender.send(post(url("flip.test", receiver), LIMIT), Sending.NOW));
        }
        GuardedResolver.answerWith(names.with("flip.test", "127.0.0.1"));
        for (CompletableFuture<Outcome> outcome : running) {
          assertThat(outcome.get(30, TimeUnit.SECONDS))
              .isInstanceOfAny(Accepted.class, Blocked.class);
        }
      }
      assertThat(canary.connections()).isZero();
      assertThat(receiver.connections()).isPositive();
    }
  }

  @Test
  void the_port_is_judged_with_the_address_that_is_connected_to() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering("127.0.0.2", 200)) {
      EgressRules rules =
          new EgressRules(
              true,
              List.of(Cidr.parse("127.0.0.2/32")),
              Set.of(80),
              Set.of(new InetSocketAddress(Literals.ipv4("127.0.0.2"), receiver.port())),
              Set.of());
      GuardedResolver.answerWith(
          names.with("ours.test", "127.0.0.2").with("public.test", "93.184.215.14"));
      try (Sender own = Sending.sender(rules)) {
        Outcome ours = outcome(own, post(url("ours.test", receiver), LIMIT));
        assertThat(ours).isInstanceOf(Blocked.class);
      }
      assertBlocked(URI.create("http://public.test:9000/"));
      assertThat(receiver.connections()).isZero();
    }
  }

  @Test
  void dns_that_heals_is_used_by_the_very_next_attempt() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering("127.0.0.2", 200)) {
      GuardedResolver.answerWith(names);
      Outcome first = outcome(sender, post(url("late.test", receiver), LIMIT));
      assertThat(first.retryReason()).isEqualTo("dns_error");
      assertThat(first.error()).isEqualTo("host name could not be resolved");
      names.with("late.test", "127.0.0.2");
      assertThat(outcome(sender, post(url("late.test", receiver), LIMIT)))
          .isInstanceOf(Accepted.class);
    }
  }

  @Test
  void an_answer_is_kept_for_a_while_so_that_dns_is_not_asked_for_every_post() throws Exception {
    try (RawReceiver receiver = RawReceiver.answering("127.0.0.2", 200)) {
      GuardedResolver.answerWith(names.with("kept.test", "127.0.0.2"));
      outcome(sender, post(url("kept.test", receiver), LIMIT));
      names.forget("kept.test");
      assertThat(outcome(sender, post(url("kept.test", receiver), LIMIT)))
          .isInstanceOf(Accepted.class);
    }
  }

  @Test
  void a_host_that_moved_is_found_by_the_attempt_after_the_one_that_found_nobody()
      throws Exception {
    try (RawReceiver receiver = RawReceiver.answering("127.0.0.2", 200)) {
      EgressRules rules = Sending.rules("127.0.0.2/32", "127.0.0.3/32");
      GuardedResolver.answerWith(names.with("moved.test", "127.0.0.3"));
      try (Sender own = Sending.sender(rules)) {
        assertThat(outcome(own, post(url("moved.test", receiver), LIMIT)).retryReason())
            .isEqualTo("connection_error");
        names.with("moved.test", "127.0.0.2");
        assertThat(outcome(own, post(url("moved.test", receiver), LIMIT)))
            .isInstanceOf(Accepted.class);
      }
    }
  }

  @Test
  void dns_that_hangs_ends_an_attempt_in_three_seconds_and_holds_up_no_other_host()
      throws Exception {
    CountDownLatch healed = new CountDownLatch(1);
    GuardedResolver.answerWith(hanging("slow.test", healed, names.with("open.test", "127.0.0.2")));
    try (RawReceiver receiver = RawReceiver.answering("127.0.0.2", 200)) {
      CompletableFuture<Outcome> slow =
          sender.send(post(url("slow.test", receiver), LIMIT), Sending.NOW);
      CompletableFuture<Outcome> impatient =
          sender.send(post(url("slow.test", receiver), Duration.ofMillis(500)), Sending.NOW);
      Outcome other = outcome(sender, post(url("open.test", receiver), LIMIT));

      assertThat(other).isInstanceOf(Accepted.class);
      assertThat(impatient.get(10, TimeUnit.SECONDS).retryReason()).isEqualTo("timeout");
      Outcome outcome = slow.get(10, TimeUnit.SECONDS);
      assertThat(outcome)
          .isEqualTo(
              new Unreachable(
                  outcome.took(), Reason.DNS_ERROR, "host name was not resolved in time"));
      assertThat(outcome.took()).isBetween(Duration.ofMillis(2500), Duration.ofSeconds(8));
      assertThat(other.took()).isLessThan(outcome.took());
      assertThat(receiver.requests()).hasSize(1);
    } finally {
      healed.countDown();
    }
  }

  @Test
  void a_resolver_that_breaks_is_a_dns_error_and_opens_nothing() throws Exception {
    GuardedResolver.answerWith(
        new InetAddressResolver() {
          @Override
          public Stream<InetAddress> lookupByName(String host, LookupPolicy policy) {
            throw new IllegalStateException("SERVFAIL");
          }

          @Override
          public String lookupByAddress(byte[] address) {
            return "";
          }
        });
    Outcome outcome = outcome(sender, post(URI.create("http://any.test/"), LIMIT));
    assertThat(outcome.retryReason()).isEqualTo("dns_error");
  }

  private void assertBlocked(URI url) throws Exception {
    Outcome outcome = outcome(sender, post(url, LIMIT));
    assertThat(outcome).as(url.toString()).isInstanceOf(Blocked.class);
    assertThat(outcome.error()).isEqualTo("endpoint address is not allowed");
  }

  private static URI url(String host, RawReceiver receiver) {
    return URI.create("http://" + host + ":" + receiver.port() + "/");
  }

  private static InetAddressResolver hanging(String slow, CountDownLatch healed, Names others) {
    return new InetAddressResolver() {
      @Override
      public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
          throws UnknownHostException {
        if (host.equals(slow)) {
          try {
            healed.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        }
        return others.lookupByName(host, policy);
      }

      @Override
      public String lookupByAddress(byte[] address) throws UnknownHostException {
        return others.lookupByAddress(address);
      }
    };
  }
}
