package io.outboxworker.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolver.LookupPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NameLookupTest {
  private static final Duration BUDGET = Duration.ofSeconds(1);

  private final HangingDns dns = new HangingDns();
  private final NameLookup names = new NameLookup(dns, LookupPolicy.of(LookupPolicy.IPV4), BUDGET);

  @AfterEach
  void heal() {
    dns.healed.countDown();
  }

  @Test
  void two_hundred_names_that_hang_hold_up_no_other() throws Exception {
    askHanging(0, 200);
    await().until(() -> dns.since.size() == 200);

    assertThat(names.ask("quick.test").get(BUDGET.toMillis(), TimeUnit.MILLISECONDS)).hasSize(1);
  }

  @Test
  void names_that_hung_once_share_a_few_threads_from_then_on() throws Exception {
    CountDownLatch firstRound = dns.healed;
    askHanging(0, 150);
    await().until(() -> dns.hangLongerThan(BUDGET) == 150);
    dns.healed = new CountDownLatch(1);
    firstRound.countDown();
    await().until(() -> dns.since.size() == 0);

    await()
        .until(() -> {
          askHanging(0, 150);
          return dns.since.size() == 32;
        });
    askHanging(150, 300);
    await().until(() -> dns.since.size() == 32 + 150);

    assertThat(names.ask("quick.test").get(BUDGET.toMillis(), TimeUnit.MILLISECONDS)).hasSize(1);
  }

  @Test
  void names_that_hung_before_make_no_room_for_more_lookups() throws Exception {
    CountDownLatch firstRound = dns.healed;
    askHanging(0, 32);
    await().until(() -> dns.hangLongerThan(BUDGET) == 32);
    dns.healed = new CountDownLatch(1);
    firstRound.countDown();
    await()
        .until(() -> {
          askHanging(0, 32);
          return dns.hangLongerThan(BUDGET) == 32;
        });

    dns.mayAnswer = new CountDownLatch(1);
    List<CompletableFuture<List<InetAddress>>> asked =
        IntStream.range(0, 300).mapToObj(i -> names.ask("quick-%d.test".formatted(i))).toList();
    await().until(() -> dns.answering.get() > 32);
    dns.mayAnswer.countDown();
    for (CompletableFuture<List<InetAddress>> one : asked) {
      one.get(5, TimeUnit.SECONDS);
    }

    assertThat(dns.mostAnsweredAtOnce).hasValueBetween(33, 64);
  }

  @Test
  void a_lookup_that_broke_fails_at_once_and_is_made_again() throws Exception {
    dns.broken = true;
    assertThatThrownBy(() -> names.ask("quick.test").get(5, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(OutOfMemoryError.class);
    dns.broken = false;

    assertThat(names.ask("quick.test").get(5, TimeUnit.SECONDS)).hasSize(1);
  }

  @Test
  void a_host_that_did_not_answer_is_looked_up_again() throws Exception {
    names.ask("quick.test").get(5, TimeUnit.SECONDS);
    names.ask("quick.test").get(5, TimeUnit.SECONDS);
    assertThat(dns.answered).hasValue(1);

    names.forget("quick.test");

    names.ask("quick.test").get(5, TimeUnit.SECONDS);
    assertThat(dns.answered).hasValue(2);
  }

  @Test
  void whoever_waits_for_a_name_that_hangs_is_told_in_time() {
    assertThatThrownBy(() -> names.addresses("hang-1.test")).isInstanceOf(NameLookup.TooSlow.class);
  }

  private void askHanging(int from, int to) {
    for (int i = from; i < to; i++) {
      var unused = names.ask("hang-%d.test".formatted(i));
    }
  }

  /** Answers with loopback; names that begin with "hang" fail, and only when it is healed. */
  private static final class HangingDns implements InetAddressResolver {
    private final Map<String, Long> since = new ConcurrentHashMap<>();
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicInteger answering = new AtomicInteger();
    private final AtomicInteger mostAnsweredAtOnce = new AtomicInteger();
    private volatile CountDownLatch healed = new CountDownLatch(1);
    private volatile CountDownLatch mayAnswer = new CountDownLatch(0);
    private volatile boolean broken;

    @Override
    public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
        throws UnknownHostException {
      if (host.startsWith("hang")) {
        since.put(host, System.nanoTime());
        awaitLatch(healed);
        since.remove(host);
        throw new UnknownHostException(host);
      }
      if (broken) {
        throw new OutOfMemoryError("unable to create native thread");
      }
      answered.incrementAndGet();
      mostAnsweredAtOnce.accumulateAndGet(answering.incrementAndGet(), Math::max);
      awaitLatch(mayAnswer);
      answering.decrementAndGet();
      return Stream.of(InetAddress.getByAddress(host, new byte[] {127, 0, 0, 1}));
    }

    private static void awaitLatch(CountDownLatch latch) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    long hangLongerThan(Duration time) {
      long now = System.nanoTime();
      return since.values().stream().filter(begun -> now - begun > time.toNanos()).count();
    }

    @Override
    public String lookupByAddress(byte[] address) {
      return "";
    }
  }
}
