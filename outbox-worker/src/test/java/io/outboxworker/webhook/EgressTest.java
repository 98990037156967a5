package io.outboxworker.webhook;

import static io.outboxworker.webhook.Sending.outcome;
import static io.outboxworker.webhook.Sending.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.outboxworker.delivery.TestPost;
import io.outboxworker.subscription.InvalidSubscription;
import io.outboxworker.subscription.KeyRing;
import io.outboxworker.subscription.NewSubscription;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.subscription.Subscriptions;
import io.outboxworker.testing.RawReceiver;
import io.outboxworker.testing.Shop;
import io.outboxworker.testing.Workers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * All hostile URLs, everywhere a URL is taken or used, while 127.0.0.2 is an allowed network and
 * every address of loopback beside it is a canary.
 */
class EgressTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final RawReceiver receiver = RawReceiver.answering("127.0.0.2", 200);
  private final List<RawReceiver> canaries = new ArrayList<>();
  private final int port = receiver.port();
  private final EgressRules rules =
      new EgressRules(
          true, List.of(Cidr.parse("127.0.0.2/32")), Set.of(80, 443, port), Set.of(), Set.of());
  private final EndpointGuard guard = new EndpointGuard(rules);
  private final Sender sender = new Sender(guard, "1", null, null);

  @BeforeEach
  void listen() {
    GuardedResolver.answerWith(new HostileUrls.EveryNameIsTheCanary());
    canaries.add(RawReceiver.answering("127.0.0.1", port, 200));
    canaries.add(RawReceiver.answering("127.255.255.254", port, 200));
    canaries.add(RawReceiver.answering("::1", port, 200));
    // Where this user may: the ports that the forms have without one of their own.
    for (int known : new int[] {80, 443, 22, 5432, 6379, 8080, 8443}) {
      canaryIfFree(known);
    }
  }

  @AfterEach
  void close() throws IOException {
    sender.close();
    for (RawReceiver canary : canaries) {
      canary.close();
    }
    receiver.close();
    GuardedResolver.answerWith(null);
  }

  @Test
  void a_hostile_url_is_not_saved() {
    try (Shop shop = new Shop()) {
      Subscriptions subscriptions =
          new Subscriptions(shop.database().jdbi(), KeyRing.parse(KeyRing.generate()), guard);
      for (String url : HostileUrls.withPort(port)) {
        NewSubscription wanted = new NewSubscription(UUID.randomUUID(), "*", url, null, null);
        assertThat(faults(subscriptions, wanted))
            .as(url)
            .isNotEmpty()
            .allSatisfy(fault -> assertThat(fault).doesNotContain("93.184"));
      }
      assertThat(shop.database().number("select count(*) from webhooks.subscription")).isZero();
    }
    assertNobodyWasReached();
  }

  @Test
  void a_hostile_url_that_is_stored_all_the_same_is_never_sent_to() throws Exception {
    int tried = 0;
    for (String url : HostileUrls.withPort(port)) {
      URI uri = uriOrNull(url);
      if (uri != null) {
        Outcome outcome = outcome(sender, post(uri, LIMIT));
        assertThat(outcome).as(url).isInstanceOf(Outcome.Blocked.class);
        tried++;
      }
    }
    assertThat(tried).isGreaterThan(150);
    assertNobodyWasReached();
  }

  @Test
  void a_test_send_to_a_hostile_url_is_refused_with_the_very_same_words() {
    try (TestPost testPost = new TestPost(sender, "source", LIMIT)) {
      for (String url : HostileUrls.withPort(port)) {
        if (uriOrNull(url) != null) {
          Outcome outcome = testPost.send(subscription(url));
          assertThat(outcome).as(url).isInstanceOf(Outcome.Blocked.class);
          assertThat(outcome.answer()).isNull();
        }
      }
    }
    assertNobodyWasReached();
  }

  @Test
  void rows_with_hostile_urls_fail_in_one_attempt_and_tell_nothing_about_the_inside() {
    List<String> urls =
        HostileUrls.withPort(port).stream()
            .filter(url -> url.indexOf('\0') < 0 && url.length() <= 2048)
            .toList();
    try (Shop shop = new Shop();
        Workers workers = new Workers(shop)) {
      for (String url : urls) {
        UUID id = shop.subscribe("*", "http://127.0.0.2:" + port + "/");
        shop.database()
            .jdbi()
            .useHandle(handle ->
                handle.execute("update webhooks.subscription set url = ? where id = ?", url, id));
      }
      var worker =
          workers.start(
              "OUTBOX_ALLOWED_NETWORKS", "127.0.0.2/32", "OUTBOX_ALLOWED_PORTS", "80,443," + port);
      shop.publish("invoice.created", "{}");
      await().atMost(60, TimeUnit.SECONDS).until(shop::isDone);

      assertThat(
              shop.database()
                  .number(
                      "select count(*) from webhooks.delivery_log where status = 'failed' and"
                          + " attempts = 1 and http_status is null"))
          .isEqualTo(urls.size());
      assertThat(
              shop.database()
                  .texts(
                      "select distinct last_error from webhooks.delivery_log where url ~"
                          + " '://(db|database[.]example|[0-9.]+nip[.]example|LOCALHOST)[:/]'"))
          .containsExactly(EndpointGuard.ADDRESS_NOT_ALLOWED);
      assertThat(workers.metric(worker, "webhook_blocked_targets_total")).isEqualTo(urls.size());
    }
    assertNobodyWasReached();
  }

  @Test
  void a_name_that_flips_a_hundred_times_under_load_never_leads_to_a_canary() throws Exception {
    EndpointGuardTest.Names names = new EndpointGuardTest.Names();
    List<CompletableFuture<Outcome>> running = new ArrayList<>();
    for (int flip = 0; flip < 100; flip++) {
      // A resolver put in anew has kept nothing, as if half a minute had passed.
      GuardedResolver.answerWith(
          names.with("flip.test", flip % 2 == 0 ? "127.0.0.2" : "127.0.0.1"));
      for (int i = 0; i < 5; i++) {
        URI url = URI.create("http://flip.test:" + port + "/");
        running.add(sender.send(post(url, LIMIT), Sending.NOW));
      }
    }
    int accepted = 0;
    for (CompletableFuture<Outcome> outcome : running) {
      Outcome seen = outcome.get(30, TimeUnit.SECONDS);
      assertThat(seen).isInstanceOfAny(Outcome.Accepted.class, Outcome.Blocked.class);
      accepted += seen instanceof Outcome.Accepted ? 1 : 0;
    }
    assertThat(accepted).isPositive();
    assertThat(canaries).allSatisfy(canary -> assertThat(canary.connections()).isZero());
  }

  @Test
  void a_refusal_sounds_the_same_whether_anything_listens_there_or_not() throws Exception {
    List<Outcome> seen = new ArrayList<>();
    int free = freePort();
    for (String url :
        List.of(
            "http://127.0.0.1:" + port + "/",
            "http://127.0.0.1:" + free + "/",
            "http://canary.example:" + port + "/",
            "http://canary.example:" + free + "/",
            "http://10.255.255.1/")) {
      seen.add(outcome(sender, post(URI.create(url), LIMIT)));
    }
    assertThat(seen).extracting(Outcome::error).containsOnly(EndpointGuard.ADDRESS_NOT_ALLOWED);
    assertNobodyWasReached();
  }

  private void assertNobodyWasReached() {
    assertThat(Stream.concat(canaries.stream(), Stream.of(receiver)))
        .allSatisfy(listener -> assertThat(listener.connections()).isZero());
  }

  private static int freePort() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return taken.getLocalPort();
    }
  }

  private void canaryIfFree(int port) {
    for (String address : List.of("127.0.0.1", "::1")) {
      try {
        canaries.add(RawReceiver.answering(address, port, 200));
      } catch (UncheckedIOException e) {
        // Taken, or not this user's to take: the random port is watched all the same.
      }
    }
  }

  private static List<String> faults(Subscriptions subscriptions, NewSubscription wanted) {
    try {
      subscriptions.add(wanted);
      return List.of();
    } catch (InvalidSubscription e) {
      return e.faults().stream().map(InvalidSubscription.Fault::detail).toList();
    }
  }

  private static @Nullable URI uriOrNull(String url) {
    try {
      return new URI(url);
    } catch (URISyntaxException e) {
      return null;
    }
  }

  private static Subscription subscription(String url) {
    return new Subscription(
        UUID.randomUUID(),
        UUID.randomUUID(),
        url,
        "*",
        true,
        null,
        Map.of(),
        null,
        null,
        null,
        null,
        false,
        "hmac-sha256",
        Sending.SECRET,
        null,
        null,
        null,
        null,
        null,
        null,
        Sending.NOW,
        Sending.NOW);
  }
}
