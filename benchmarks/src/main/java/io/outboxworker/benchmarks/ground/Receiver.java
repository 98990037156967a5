package io.outboxworker.benchmarks.ground;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All endpoints: one thread that reads POSTs, notes them and answers. It costs far less than what
 * it measures, and tells how much that is.
 */
public final class Receiver implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Receiver.class);
  private static final int BACKLOG = 4096;

  private record Late(Exchange exchange, boolean accepted, long dueNanos) {}

  private final Arrivals arrivals = new Arrivals();
  private final Selector selector;
  private final ServerSocketChannel server;
  private final Thread thread;
  private final AtomicLong connections = new AtomicLong();
  private final Queue<Late> late = new ArrayDeque<>();
  private volatile Behaviour[] behaviours = {};
  private volatile Duration delay = Duration.ZERO;
  private volatile boolean closed;

  /** Listens at once, on any free port. */
  public Receiver() throws IOException {
    selector = Selector.open();
    server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_ACCEPT);
    thread = Thread.ofPlatform().name("receiver").daemon().start(this::serve);
  }

  /** The endpoint with this number. */
  public String url(int endpoint) {
    return urls() + endpoint;
  }

  /** What every endpoint's URL begins with; its number follows. */
  public String urls() {
    return "http://127.0.0.1:%d/".formatted(port());
  }

  /** Where it listens. */
  public int port() {
    return server.socket().getLocalPort();
  }

  /** What arrived since the last {@link #reset}. */
  public Arrivals arrivals() {
    return arrivals;
  }

  /** Forgets what arrived; every endpoint accepts from now on. */
  public void reset() {
    behaviours = new Behaviour[0];
    arrivals.clear();
  }

  /** What the endpoints from {@code first} on do from now on, {@code count} of them. */
  public void behave(int first, int count, Behaviour behaviour) {
    Behaviour[] changed = Arrays.copyOf(behaviours, Math.max(behaviours.length, first + count));
    Arrays.fill(changed, first, first + count, behaviour);
    behaviours = changed;
  }

  /**
   * How long every endpoint takes to answer, to a millisecond; to be told before anything comes.
   */
  public void answerAfter(Duration duration) {
    delay = duration;
  }

  /** The CPU time of its thread so far. */
  public double cpuSeconds() {
    return ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.threadId()) / 1e9;
  }

  /** How many connections were opened so far. */
  public long connections() {
    return connections.get();
  }

  @Override
  public void close() throws IOException {
    closed = true;
    selector.wakeup();
    server.close();
  }

  Behaviour behaviour(int endpoint) {
    Behaviour[] all = behaviours;
    Behaviour own = endpoint < all.length ? all[endpoint] : null;
    return own == null ? Behaviour.ACCEPT : own;
  }

  /** Answers now, or when it is time; called by its own thread. */
  void answer(Exchange exchange, boolean accepted) throws IOException {
    if (delay.isZero()) {
      exchange.answer(accepted);
    } else {
      late.add(new Late(exchange, accepted, System.nanoTime() + delay.toNanos()));
    }
  }

  private void serve() {
    try (selector) {
      while (!closed) {
        // 0 is for ever: nobody waits for an answer then.
        selector.select(this::serve, late.isEmpty() ? 0 : 1);
        answerLate();
      }
      for (SelectionKey key : selector.keys()) {
        key.channel().close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the receiver failed", e);
    }
  }

  private void serve(SelectionKey key) {
    try {
      if (key.attachment() instanceof Exchange exchange) {
        exchange.read();
      } else {
        accept();
      }
    } catch (IOException e) {
      // A client that goes away, as after its time limit, takes its connection along.
      log.debug("connection lost", e);
      close(key);
    }
  }

  private void answerLate() {
    long now = System.nanoTime();
    for (Late next = late.peek(); next != null && next.dueNanos - now <= 0; next = late.peek()) {
      late.remove();
      try {
        next.exchange.answer(next.accepted);
      } catch (IOException e) {
        log.debug("connection lost", e);
      }
    }
  }

  private void accept() throws IOException {
    for (SocketChannel channel = server.accept(); channel != null; channel = server.accept()) {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.register(selector, SelectionKey.OP_READ, new Exchange(this, channel));
      connections.incrementAndGet();
    }
  }

  private static void close(SelectionKey key) {
    try {
      key.channel().close();
    } catch (IOException e) {
      log.debug("close failed", e);
    }
  }
}
