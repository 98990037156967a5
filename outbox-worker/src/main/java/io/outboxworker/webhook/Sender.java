package io.outboxworker.webhook;

import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.security.Security;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Makes signed POSTs, any number at a time, over shared connections; thread-safe. It sends each one
 * once: no redirect is followed, nothing is tried again.
 */
public final class Sender implements AutoCloseable {
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
  private static final CompletableFuture<Destination.Lookup> OPEN =
      CompletableFuture.completedFuture(Destination.Lookup.OPEN);

  private final EndpointGuard guard;
  private final String userAgent;
  private final HttpClient client;
  private final boolean proxied;
  private final Threads threads = new Threads();
  private final ScheduledThreadPoolExecutor timer = timer();
  private final Set<Attempt> running = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * A sender that asks this guard. The certificates in {@code caFile} (PEM) are trusted besides the
   * JVM's own; IllegalArgumentException where it can't be read. Behind an egress proxy it is the
   * proxy that resolves names, so that the guard only judges form, port and literals, and names as
   * if no network but the public one were open.
   */
  public Sender(
      EndpointGuard guard,
      String version,
      @Nullable Path caFile,
      @Nullable InetSocketAddress egressProxy) {
    prepareJvm();
    GuardedResolver.names();
    this.guard = guard;
    this.proxied = egressProxy != null;
    this.userAgent = "outbox-worker/" + version;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            // HTTP/2 loses POSTs beyond the peer's stream limit, and asks for an upgrade on each.
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            // Without this the client would obey http.proxyHost, and the proxy resolve past us.
            .proxy(
                egressProxy == null ? HttpClient.Builder.NO_PROXY : ProxySelector.of(egressProxy))
            .connectTimeout(CONNECT_TIMEOUT)
            .executor(threads);
    if (caFile != null) {
      builder.sslContext(TrustedCertificates.withFile(caFile));
    }
    this.client = builder.build();
  }

  /**
   * Sets what the JVM reads once, at its first name or first HTTP client: to be called before
   * anything else. A value given on the command line stays.
   */
  public static void prepareJvm() {
    // A failed lookup kept for the JVM's 10 s would eat the retries at 1, 2 and 4 s. Good ones are
    // kept by NameLookup, behind the guard, so that each send is judged with its own port.
    Security.setProperty("networkaddress.cache.ttl", "0");
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
    // Below the 5 s after which Node.js closes an idle connection: what is sent then is lost.
    setDefault("jdk.httpclient.keepalive.timeout", "4");
    // Without a limit 10,000 endpoints of one event could use up what the process may open.
    setDefault("jdk.httpclient.connectionPoolSize", "2048");
    setDefault("jdk.http.maxHeaderSize", "65536");
    setDefault("jdk.httpclient.disableRetryConnect", "true");
    System.setProperty("jdk.httpclient.enableAllMethodRetry", "false");
    if (Runtime.getRuntime().availableProcessors() <= 2) {
      // With one thread in the common pool Java 21 would start a new thread for each answer.
      setDefault("java.util.concurrent.ForkJoinPool.common.parallelism", "2");
    }
  }

  /**
   * Makes one attempt, signed with the time {@code now}. The outcome comes within the post's time
   * limit and a moment, never exceptionally, and by then the connection is free or closed; it may
   * complete on any thread. Never waits for the network itself.
   */
  public CompletableFuture<Outcome> send(Post post, Instant now) {
    EndpointUrl url = guard.read(post.url());
    String forbidden = proxied ? guard.forbidsUnresolved(url) : guard.forbids(url);
    if (forbidden != null) {
      return CompletableFuture.completedFuture(new Outcome.Blocked(Duration.ZERO, forbidden));
    }
    Destination destination = new Destination(guard, url);
    Attempt attempt = new Attempt(destination, post.timeout(), now);
    running.add(attempt);
    CompletableFuture<Outcome> outcome =
        attempt.outcome().whenComplete((result, failure) -> running.remove(attempt));
    try {
      HttpRequest request = request(post, now);
      attempt.start(proxied ? OPEN : destination.resolved(), client, request, timer);
      if (closed) {
        attempt.abort(new Attempt.Stopped());
      }
    } catch (IllegalArgumentException e) {
      attempt.abort(new Attempt.Unsendable());
    } catch (RejectedExecutionException e) {
      attempt.abort(new Attempt.Stopped());
    }
    return outcome;
  }

  /**
   * Runs a task that leads to a send on the threads that sends run on, in turn with what comes in
   * from the network. It must not wait for anything. Once the sender is closed it is dropped.
   */
  public void execute(Runnable task) {
    threads.later(task);
  }

  /** Aborts what runs, whose outcomes then say so, and returns at once. */
  @Override
  public void close() {
    closed = true;
    running.forEach(attempt -> attempt.abort(new Attempt.Stopped()));
    client.shutdownNow();
    timer.shutdownNow();
    threads.close();
  }

  private HttpRequest request(Post post, Instant now) {
    byte[] body = post.body();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(post.url()).POST(BodyPublishers.ofByteArray(body));
    // Ours come last and replace: a custom header can't pass itself off as a signature.
    post.headers().forEach(request::setHeader);
    request
        .setHeader("Content-Type", "application/json")
        .setHeader("User-Agent", userAgent)
        .setHeader("X-Webhook-Event", post.event())
        .setHeader("X-Webhook-Delivery", post.deliveryId().toString())
        .setHeader("X-Webhook-Attempt", Integer.toString(post.attempt()));
    sign(request, post, now.getEpochSecond());
    String traceparent = post.traceparent();
    if (traceparent != null && isHeaderValue(traceparent)) {
      request.setHeader("traceparent", traceparent);
    }
    return request.build();
  }

  private static void sign(HttpRequest.Builder request, Post post, long seconds) {
    byte[] body = post.body();
    String id = post.eventId().toString();
    Signer previous = post.previousSecret();
    String signatures = post.secret().standardSignature(id, seconds, body);
    setIfPresent(request, "X-Signature", post.secret().bodySignature(body));
    if (previous != null) {
      setIfPresent(request, "X-Signature-Previous", previous.bodySignature(body));
      signatures += " " + previous.standardSignature(id, seconds, body);
    }
    request
        .setHeader("webhook-id", id)
        .setHeader("webhook-timestamp", Long.toString(seconds))
        .setHeader("webhook-signature", signatures);
  }

  private static void setIfPresent(
      HttpRequest.Builder request, String name, @Nullable String value) {
    if (value != null) {
      request.setHeader(name, value);
    }
  }

  /** A trace that can't be sent is not worth a delivery. */
  private static boolean isHeaderValue(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  private static void setDefault(String name, String value) {
    if (System.getProperty(name) == null) {
      System.setProperty(name, value);
    }
  }

  private static ScheduledThreadPoolExecutor timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("webhook-deadlines").factory());
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }
}
