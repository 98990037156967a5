package io.outboxworker.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A receiver of webhooks on a loopback port that writes exactly the bytes a test wants. */
public final class RawReceiver implements AutoCloseable {
  /** What to do with one accepted connection; it is closed afterwards. */
  public interface Behaviour {
    void serve(Connection connection) throws Exception;
  }

  private final ServerSocket server;
  private final Behaviour behaviour;
  private final Queue<Request> requests = new ConcurrentLinkedQueue<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();

  private RawReceiver(ServerSocket server, Behaviour behaviour) {
    this.server = server;
    this.behaviour = behaviour;
    Thread.ofPlatform().daemon().name("receiver-" + port()).start(this::accept);
  }

  /** Serves the connections of a socket of the test's own, such as one of TLS. */
  public static RawReceiver on(ServerSocket server, Behaviour behaviour) {
    return new RawReceiver(server, behaviour);
  }

  /** Serves each connection in this way, each on a thread of its own. */
  public static RawReceiver doing(Behaviour behaviour) {
    return on(listening("127.0.0.1", 0), behaviour);
  }

  /** Answers every request with these bytes and keeps connections alive. */
  public static RawReceiver answering(String response) {
    return doing(connection -> {
      while (connection.read() != null) {
        connection.write(response);
      }
    });
  }

  /** Answers every request with this status and a short body. */
  public static RawReceiver answering(int status) {
    return answering(response(status, "ok"));
  }

  /** The same on another loopback address. */
  public static RawReceiver answering(String address, int status) {
    return answering(address, 0, status);
  }

  /** The same on another loopback address and a port of choice. */
  public static RawReceiver answering(String address, int port, int status) {
    return on(listening(address, port), repeating(response(status, "ok")));
  }

  private static ServerSocket listening(String address, int port) {
    try {
      return new ServerSocket(port, 1024, InetAddress.getAllByName(address)[0]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Answers each request of a connection with these bytes, until the sender closes. */
  public static Behaviour repeating(String response) {
    return connection -> {
      while (connection.read() != null) {
        connection.write(response);
      }
    };
  }

  /** A complete answer: status line, the given header lines, a Content-Length, the body. */
  public static String response(int status, String body, String... headers) {
    StringBuilder text = new StringBuilder("HTTP/1.1 " + status + " Whatever\r\n");
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    int length = body.getBytes(StandardCharsets.UTF_8).length;
    return text.append("Content-Length: ")
        .append(length)
        .append("\r\n\r\n")
        .append(body)
        .toString();
  }

  public int port() {
    return server.getLocalPort();
  }

  /** Such as {@code http://127.0.0.1:40123/hook?key=1}. */
  public URI url() {
    return URI.create(
        "http://" + server.getInetAddress().getHostAddress() + ":" + port() + "/hook?key=1");
  }

  /** What arrived whole, in the order of arrival. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /** How many connections were accepted. */
  public int connections() {
    return connections.get();
  }

  /** How many accepted connections neither side has given up. */
  public int openConnections() {
    return open.size();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        connections.incrementAndGet();
        open.add(socket);
        Thread.startVirtualThread(() -> serve(socket));
      } catch (IOException e) {
        // Closed, or one broken connection.
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      behaviour.serve(new Connection(socket));
    } catch (Exception e) {
      // The sender is free to give up whenever it likes.
    } finally {
      open.remove(socket);
    }
  }

  /** One request as it came; header names in lower case. */
  public record Request(String line, Map<String, String> headers, String head, String body) {
    public @Nullable String header(String name) {
      return headers.get(name.toLowerCase(Locale.ROOT));
    }
  }

  /** One accepted connection. */
  public final class Connection {
    private final Socket socket;
    private final InputStream in;

    private Connection(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new BufferedInputStream(socket.getInputStream());
    }

    /** The next whole request, or null when the sender has closed. */
    public @Nullable Request read() throws IOException {
      ByteArrayOutputStream head = new ByteArrayOutputStream();
      while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
        int next = in.read();
        if (next < 0) {
          return null;
        }
        head.write(next);
      }
      List<String> lines = head.toString(StandardCharsets.UTF_8).lines().toList();
      Map<String, String> headers = new LinkedHashMap<>();
      for (String line : lines.subList(1, lines.size() - 1)) {
        int colon = line.indexOf(':');
        headers.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
      }
      int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
      String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
      Request request =
          new Request(lines.get(0), headers, head.toString(StandardCharsets.UTF_8), body);
      requests.add(request);
      return request;
    }

    /** Sends these bytes at once. */
    public void write(String text) throws IOException {
      write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends these bytes at once. */
    public void write(byte[] bytes) throws IOException {
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
    }

    /** Sends one byte at a time with a pause before each, until the sender closes. */
    public void drip(String text, int pauseMillis) throws IOException {
      for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
        if (hasEndedWithin(pauseMillis)) {
          return;
        }
        write(new byte[] {b});
      }
    }

    private boolean hasEndedWithin(int millis) throws IOException {
      socket.setSoTimeout(millis);
      try {
        return in.read() < 0;
      } catch (SocketTimeoutException e) {
        return false;
      }
    }

    /** Closes with a RST instead of a FIN. */
    public void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    /** Waits until the sender gives this connection up. */
    public void awaitEnd() throws IOException {
      try {
        while (in.read() >= 0) {
          // Whatever still comes is of no interest.
        }
      } catch (SocketException e) {
        // Reset: given up all the same.
      }
    }
  }
}
