package io.outboxworker.benchmarks.contestant;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.benchmarks.ground.Clock;
import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.cli.CommandFailed;
import io.outboxworker.webhook.Cidr;
import io.outboxworker.webhook.EgressRules;
import io.outboxworker.webhook.EndpointGuard;
import io.outboxworker.webhook.Envelope;
import io.outboxworker.webhook.Outcome;
import io.outboxworker.webhook.Post;
import io.outboxworker.webhook.Sender;
import io.outboxworker.webhook.SigningSecret;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The very POSTs of the worker, made and signed by the same code, with no database: the most that
 * any worker on this HTTP client could reach. In a process of its own, with the worker's flags.
 */
public final class BareClient {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Sender sender;
  private final List<SigningSecret> secrets = new ArrayList<>();
  private final List<URI> urls = new ArrayList<>();
  private final Audience audience;
  private final int inFlight;
  private final AtomicInteger failures = new AtomicInteger();

  private BareClient(int port, Audience audience, int inFlight) {
    EndpointGuard guard =
        new EndpointGuard(
            new EgressRules(
                true, List.of(Cidr.parse("127.0.0.0/8")), Set.of(), Set.of(), Set.of()));
    guard.install();
    this.sender = new Sender(guard, "bare", null, null);
    this.audience = audience;
    this.inFlight = inFlight;
    for (int n = 0; n < audience.subscriptions(); n++) {
      secrets.add(Audience.secret(n));
      urls.add(URI.create("http://127.0.0.1:%d/%d".formatted(port, n)));
    }
  }

  /** Starts it. */
  public static Running start(Ground ground, Audience audience, int inFlight) throws IOException {
    List<String> command = Checkout.java(BareClient.class);
    command.addAll(
        List.of(
            "" + ground.receiver().port(),
            "" + audience.tenants(),
            "" + audience.perTenant(),
            "" + inFlight));
    return Running.start("bare client", command, Map.of(), ground.file("bare.log").toFile());
  }

  /** Has it post so many events, and returns the seconds that took. */
  public static double post(Running running, long first, int count) throws IOException {
    running.say(first + " " + count);
    String[] times = running.hear().split(" ", -1);
    if (!times[2].equals("0")) {
      throw new CommandFailed(times[2] + " POSTs of the bare client failed");
    }
    return (Long.parseLong(times[1]) - Long.parseLong(times[0])) / 1e6;
  }

  /** Posts as many as each line of stdin asks for, and tells on stdout when it began and ended. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Sender.prepareJvm();
    var client =
        new BareClient(
            Integer.parseInt(arguments[0]),
            new Audience(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2])),
            Integer.parseInt(arguments[3]));
    var in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] order = line.split(" ", -1);
      long begin = Clock.micros();
      client.post(Long.parseLong(order[0]), Integer.parseInt(order[1]));
      System.out.println(begin + " " + Clock.micros() + " " + client.failures.get());
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // its end is counted by the permits
  private void post(long first, int count) throws InterruptedException {
    Semaphore permits = new Semaphore(inFlight);
    for (long seq = first; seq < first + count; seq++) {
      permits.acquire();
      Instant now = Instant.now();
      sender
          .send(post(seq, now), now)
          .thenAccept(outcome -> {
            if (!(outcome instanceof Outcome.Accepted)) {
              failures.incrementAndGet();
            }
            permits.release();
          });
    }
    permits.acquire(inFlight);
  }

  private Post post(long seq, Instant now) {
    int tenant = audience.tenant(seq);
    UUID id = EventId.of(now.toEpochMilli(), seq, tenant);
    byte[] body =
        new Envelope(
                id,
                EventId.tenantId(tenant),
                Audience.EVENT,
                "invoice",
                "inv-" + seq,
                now,
                Audience.data(seq))
            .body("gestiqcloud");
    return new Post(
        urls.get(tenant),
        id,
        id,
        Audience.EVENT,
        1,
        body,
        secrets.get(tenant),
        null,
        Map.of(),
        null,
        TIMEOUT);
  }
}
