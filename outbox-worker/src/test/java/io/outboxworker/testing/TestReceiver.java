package io.outboxworker.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An endpoint on loopback that notes every POST before it answers. Each path counts its POSTs and
 * answers as it was told; 204 where it was told nothing.
 */
public final class TestReceiver implements AutoCloseable {
  /** A POST as it arrived; header names in lower case. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Received(String path, Map<String, String> headers, byte[] body, long nanos) {
    public String header(String name) {
      return headers.getOrDefault(name, "");
    }

    public String delivery() {
      return header("x-webhook-delivery");
    }

    public int attempt() {
      return Integer.parseInt(header("x-webhook-attempt"));
    }
  }

  /** Decides an answer's status from the POST and its number on its path, from 1. */
  public interface Behaviour {
    int answer(Received post, int number) throws Exception;
  }

  /** An endpoint that is slow: what it decides at once it answers so much later. */
  public static Behaviour late(Duration by, Behaviour answer) {
    return (post, number) ->
        new CompletableFuture<Integer>()
            .completeOnTimeout(answer.answer(post, number), by.toNanos(), TimeUnit.NANOSECONDS)
            .get();
  }

  private final HttpServer server;
  private final List<Received> received = new CopyOnWriteArrayList<>();
  private final Map<String, Behaviour> behaviours = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> numbers = new ConcurrentHashMap<>();
  private final Map<String, AtomicInteger> running = new ConcurrentHashMap<>();
  private final Map<String, Integer> mostAtOnce = new ConcurrentHashMap<>();

  public TestReceiver() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::receive);
    server.start();
  }

  public String url(String path) {
    return "http://127.0.0.1:%d%s".formatted(server.getAddress().getPort(), path);
  }

  /** From now on POSTs to this path are answered so. */
  public void behave(String path, Behaviour behaviour) {
    behaviours.put(path, behaviour);
  }

  /** All POSTs so far, in the order in which they arrived. */
  public List<Received> received() {
    return List.copyOf(received);
  }

  public List<Received> received(String path) {
    return received.stream().filter(post -> post.path().equals(path)).toList();
  }

  /** How many POSTs to this path were unanswered at the same time, at most. */
  public int mostAtOnce(String path) {
    return mostAtOnce.getOrDefault(path, 0);
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      Map<String, String> headers = new ConcurrentHashMap<>();
      exchange
          .getRequestHeaders()
          .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
      Received post =
          new Received(
              exchange.getRequestURI().getPath(),
              headers,
              exchange.getRequestBody().readAllBytes(),
              System.nanoTime());
      received.add(post);
      exchange.sendResponseHeaders(answer(post), -1);
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private int answer(Received post) throws Exception {
    int number = count(numbers, post).incrementAndGet();
    mostAtOnce.merge(post.path(), count(running, post).incrementAndGet(), Math::max);
    try {
      return behaviours.getOrDefault(post.path(), (p, n) -> 204).answer(post, number);
    } finally {
      count(running, post).decrementAndGet();
    }
  }

  private static AtomicInteger count(Map<String, AtomicInteger> counts, Received post) {
    return counts.computeIfAbsent(post.path(), path -> new AtomicInteger());
  }
}
