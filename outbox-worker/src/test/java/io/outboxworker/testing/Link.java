package io.outboxworker.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A TCP link to a PostgreSQL on loopback that can be cut and mended. */
public final class Link implements AutoCloseable {
  private final ServerSocket listener;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger toBreak = new AtomicInteger();
  private volatile String breaksAt = "COMMIT";
  private volatile boolean cut;

  public Link(int target) {
    this.target = target;
    try {
      listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** Breaks every connection, and from now on each new one at once. */
  public void cut() {
    cut = true;
    open.forEach(Link::closeQuietly);
  }

  public void mend() {
    cut = false;
  }

  /** Lets the next COMMITs reach the server, and breaks their connections before the answer. */
  public void breakCommits(int count) {
    breakAt("COMMIT", count);
  }

  /** The same with whatever says these words. */
  public void breakAt(String words, int count) {
    breaksAt = words;
    toBreak.set(count);
  }

  /** How many of these have not come yet. */
  public int toBreak() {
    return toBreak.get();
  }

  @Override
  public void close() {
    cut();
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket near = listener.accept();
        if (cut) {
          closeQuietly(near);
        } else {
          connect(near);
        }
      } catch (IOException e) {
        return;
      }
    }
  }

  private void connect(Socket near) throws IOException {
    Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
    open.add(near);
    open.add(far);
    Thread.ofVirtual().start(() -> copy(near, far, true));
    Thread.ofVirtual().start(() -> copy(far, near, false));
  }

  private void copy(Socket from, Socket to, boolean toServer) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] piece = new byte[65_536];
      for (int length = in.read(piece); length >= 0; length = in.read(piece)) {
        boolean breaks = toServer && isToBreak(new String(piece, 0, length, ISO_8859_1));
        if (breaks) {
          closeQuietly(from);
        }
        out.write(piece, 0, length);
        if (breaks) {
          // The server ends the connection when it has committed and finds its client gone.
          to.shutdownOutput();
          to.getInputStream().transferTo(OutputStream.nullOutputStream());
          return;
        }
      }
    } catch (IOException e) {
      // A cut link looks like this on both sides.
    } finally {
      closeQuietly(from);
      closeQuietly(to);
      open.remove(from);
      open.remove(to);
    }
  }

  private boolean isToBreak(String piece) {
    return piece.contains(breaksAt) && toBreak.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
