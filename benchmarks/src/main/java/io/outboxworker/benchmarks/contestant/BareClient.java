package io.outboxworker.benchmarks.contestant;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.outboxworker.benchmarks.ground.Clock;
import io.outboxworker.benchmarks.ground.EventId;
import io.outboxworker.benchmarks.ground.Ground;
import io.outboxworker.cli.CommandFailed;
import io.outboxworker.webhook.Outcome;
import io.outboxworker.webhook.Sender;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The very POSTs of the worker, made and signed by the same code, with no database: the most that
 * any worker on this HTTP client could reach. In a process of its own, with the worker's flags.
 */
public final class BareClient {
  private final Poster poster;
  private final Audience audience;
  private final int inFlight;
  private final AtomicInteger failures = new AtomicInteger();

  private BareClient(Poster poster, Audience audience, int inFlight) {
    this.poster = poster;
    this.audience = audience;
    this.inFlight = inFlight;
  }

  /** Starts it. */
  public static Running start(Ground ground, Audience audience, int inFlight) throws IOException {
    List<String> command = Checkout.java(BareClient.class);
    command.addAll(
        List.of(
            ground.receiver().urls(),
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
    var audience = new Audience(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
    var poster = new Poster(arguments[0], audience);
    var client = new BareClient(poster, audience, Integer.parseInt(arguments[3]));
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
      UUID id = EventId.of(System.currentTimeMillis(), seq, audience.tenant(seq));
      poster
          .send(id, seq, Audience.data(seq))
          .thenAccept(outcome -> {
            if (!(outcome instanceof Outcome.Accepted)) {
              failures.incrementAndGet();
            }
            permits.release();
          });
    }
    permits.acquire(inFlight);
  }
}
