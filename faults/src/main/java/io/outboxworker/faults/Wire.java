package io.outboxworker.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/**
 * The network between a client and PostgreSQL: a TCP proxy that can be cut, half-open, slow, or
 * stop at a certain message. Thread-safe.
 */
final class Wire implements AutoCloseable {
  /** What happens to what is being sent. */
  enum Action {
    PASS,
    /** Neither this nor anything after it on the connection arrives; nobody is told. */
    HOLD,
    /** It arrives, but its answer finds the connection broken. */
    PASS_AND_CUT,
    /** It does not arrive, and the connection breaks. */
    CUT
  }

  /** Judges a piece of a connection's traffic; {@code fromServer} tells its direction. */
  interface Rule {
    Action judge(Connection connection, boolean fromServer, String piece);
  }

  private static final Rule PASS_ALL = (connection, fromServer, piece) -> Action.PASS;

  private final int target;
  private final ServerSocket listener;
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private volatile Rule rule = PASS_ALL;
  private volatile Duration delay = Duration.ZERO;
  private volatile boolean cut;

  Wire(int target) {
    this.target = target;
    try {
      listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofPlatform().daemon().name("wire-" + target).start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  void obey(Rule newRule) {
    rule = newRule;
  }

  /** Breaks every connection, and each new one at once, until {@link #mend}. */
  void cut() {
    cut = true;
    open.forEach(Connection::close);
  }

  /** Swallows everything on the connections of now: they stay open and dead for ever. */
  void halfOpen() {
    open.forEach(connection -> connection.dead = true);
  }

  /** Delays each piece of traffic by so much. */
  void slow(Duration by) {
    delay = by;
  }

  void mend() {
    cut = false;
    delay = Duration.ZERO;
    rule = PASS_ALL;
  }

  int connections() {
    return open.size();
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
          near.close();
        } else {
          new Connection(near, new Socket(InetAddress.getLoopbackAddress(), target)).start();
        }
      } catch (IOException e) {
        // Closed, or PostgreSQL is away: then the client's connection is broken as well.
      }
    }
  }

  /** One connection through the wire. */
  final class Connection {
    private final Socket near;
    private final Socket far;
    private final CountDownLatch never = new CountDownLatch(1);
    private volatile boolean dead;

    /** For rules: whether something was seen on this connection before. */
    volatile boolean marked;

    private Connection(Socket near, Socket far) throws IOException {
      this.near = near;
      this.far = far;
      near.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
    }

    private void start() {
      open.add(this);
      Thread.ofVirtual().start(() -> copy(near, far, false));
      Thread.ofVirtual().start(() -> copy(far, near, true));
    }

    private void copy(Socket from, Socket to, boolean fromServer) {
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        byte[] piece = new byte[65_536];
        for (int length = in.read(piece); length >= 0; length = in.read(piece)) {
          Action action =
              dead
                  ? Action.HOLD
                  : rule.judge(
                      this, fromServer, new String(piece, 0, length, StandardCharsets.ISO_8859_1));
          if (!pass(action, out, piece, length)) {
            return;
          }
        }
      } catch (IOException | InterruptedException e) {
        // Broken on one side: broken on both.
      } finally {
        close();
      }
    }

    private boolean pass(Action action, OutputStream out, byte[] piece, int length)
        throws IOException, InterruptedException {
      return switch (action) {
        case CUT -> false;
        case HOLD -> {
          dead = true;
          never.await();
          yield false;
        }
        case PASS -> {
          Thread.sleep(delay);
          write(out, piece, length);
          yield true;
        }
        case PASS_AND_CUT -> {
          write(out, piece, length);
          near.close();
          // Time for the server to act on what it got before it notices that the client is gone.
          Thread.sleep(200);
          yield false;
        }
      };
    }

    private static void write(OutputStream out, byte[] piece, int length) throws IOException {
      out.write(piece, 0, length);
      out.flush();
    }

    private void close() {
      open.remove(this);
      never.countDown();
      try {
        near.close();
        far.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
