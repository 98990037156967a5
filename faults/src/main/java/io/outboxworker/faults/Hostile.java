package io.outboxworker.faults;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** A receiver that writes exactly the bytes that it wants, on a port of its own. */
final class Hostile implements AutoCloseable {
  /** What it does with one accepted connection; it is closed afterwards. */
  interface Behaviour {
    void serve(Visit visit) throws Exception;
  }

  private final ServerSocket server;
  private final Farm farm;
  private final Behaviour behaviour;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  Hostile(ServerSocket server, Farm farm, Behaviour behaviour) {
    this.server = server;
    this.farm = farm;
    this.behaviour = behaviour;
  }

  static ServerSocket listening(int backlog) throws IOException {
    return new ServerSocket(0, backlog, InetAddress.getLoopbackAddress());
  }

  Hostile start() {
    Thread.ofPlatform().daemon().name("hostile-" + port()).start(this::accept);
    return this;
  }

  int port() {
    return server.getLocalPort();
  }

  /** Connections that neither side has given up. */
  int openConnections() {
    return open.size();
  }

  @Override
  public void close() {
    try {
      server.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
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
      behaviour.serve(new Visit(socket));
    } catch (Exception e) {
      // The sender is free to give up whenever it likes.
    } finally {
      open.remove(socket);
    }
  }

  /** One accepted connection. */
  final class Visit {
    private final Socket socket;
    private final InputStream in;
    private Map<String, String> headers = Map.of();
    private String path = "";

    private Visit(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new BufferedInputStream(socket.getInputStream());
    }

    /** The attempt that the last request was. */
    int attempt() {
      return Integer.parseInt(headers.getOrDefault("x-webhook-attempt", "0"));
    }

    /** Reads a whole request and writes it down with this status; false where none comes. */
    boolean read(int status) throws IOException {
      return readJudged(attempt -> status);
    }

    /** The same with a status that depends on the attempt. */
    boolean readJudged(IntUnaryOperator statusOfAttempt) throws IOException {
      if (!readHead()) {
        return false;
      }
      byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
      farm.note(headers, path, body, statusOfAttempt.applyAsInt(attempt()));
      return true;
    }

    /** Ends the visit when nothing was sent for so long. */
    void leaveIdleAfter(Duration limit) throws IOException {
      socket.setSoTimeout((int) limit.toMillis());
    }

    void write(String text) throws IOException {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
    }

    /** Sends one byte a second, until the sender gives up. */
    void drip(String text) throws IOException, InterruptedException {
      for (int i = 0; i < text.length(); i++) {
        Thread.sleep(1_000);
        write(text.substring(i, i + 1));
      }
    }

    /** Closes with a RST instead of a FIN. */
    void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    /** Waits until the sender gives this connection up. */
    void awaitEnd() throws IOException {
      while (in.read() >= 0) {
        // Whatever still comes is of no interest.
      }
    }

    private boolean readHead() throws IOException {
      @Nullable String line = line();
      if (line == null) {
        return false;
      }
      path = line.split(" ", -1)[1];
      headers = new LinkedHashMap<>();
      for (String header = line(); header != null && !header.isEmpty(); header = line()) {
        int colon = header.indexOf(':');
        headers.put(
            header.substring(0, colon).toLowerCase(Locale.ROOT),
            header.substring(colon + 1).strip());
      }
      return true;
    }

    private @Nullable String line() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int next = in.read(); next != '\n'; next = in.read()) {
        if (next < 0) {
          return null;
        }
        line.write(next);
      }
      return line.toString(StandardCharsets.UTF_8).stripTrailing();
    }
  }
}
