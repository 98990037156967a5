package io.outboxworker.faults;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A DNS server on loopback, and the command that lets a worker ask it and no other: both need root.
 * Thread-safe.
 */
final class Names implements AutoCloseable {
  /** What a question about an address is answered with. */
  record Answer(int code, @Nullable InetAddress address) {
    static final Answer FAILS = new Answer(2, null);
    static final Answer UNKNOWN = new Answer(3, null);

    static Answer at(String address) throws IOException {
      return new Answer(0, InetAddress.getByName(address));
    }
  }

  private static final int PORT = 53;
  private static final int HEADER = 12;
  private static final int TYPE_A = 1;

  private final DatagramSocket socket;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private volatile String silentSuffix = " ";

  private Names(DatagramSocket socket) {
    this.socket = socket;
  }

  /** Begins to answer, or throws {@link Skipped}. */
  static Names start(String address) throws IOException {
    try {
      Names names =
          new Names(
              new DatagramSocket(new InetSocketAddress(InetAddress.getByName(address), PORT)));
      Thread.ofPlatform().daemon().name("names").start(names::serve);
      return names;
    } catch (IOException e) {
      throw new Skipped("nobody but root may answer for names: " + e.getMessage());
    }
  }

  void answer(String name, Answer answer) {
    answers.put(name, answer);
  }

  /** Questions for names that end so are never answered. */
  void keepSilentAbout(String suffix) {
    silentSuffix = suffix;
  }

  /** What a worker has to be started behind, so that it asks here. */
  List<String> command(Path folder) throws IOException {
    Path resolver = folder.resolve("resolv.conf");
    Files.writeString(
        resolver,
        "nameserver %s\noptions timeout:20 attempts:2\n"
            .formatted(socket.getLocalAddress().getHostAddress()));
    String script = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    return List.of("unshare", "--mount", "sh", "-c", script, resolver.toString());
  }

  @Override
  public void close() {
    socket.close();
  }

  private void serve() {
    byte[] buffer = new byte[512];
    while (!socket.isClosed()) {
      try {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        byte[] reply = reply(Arrays.copyOf(buffer, packet.getLength()));
        if (reply.length > 0) {
          socket.send(new DatagramPacket(reply, reply.length, packet.getSocketAddress()));
        }
      } catch (IOException e) {
        // Closed, or one packet that is no question.
      }
    }
  }

  private byte[] reply(byte[] question) throws IOException {
    int end = HEADER;
    StringBuilder name = new StringBuilder();
    while (question[end] != 0) {
      name.append(name.isEmpty() ? "" : ".")
          .append(new String(question, end + 1, question[end], StandardCharsets.US_ASCII));
      end += question[end] + 1;
    }
    String asked = name.toString().toLowerCase(Locale.ROOT);
    if (asked.endsWith(silentSuffix)) {
      return new byte[0];
    }
    Answer answer = answers.getOrDefault(asked, Answer.UNKNOWN);
    int type = (question[end + 1] << 8) | question[end + 2];
    @Nullable InetAddress address = type == TYPE_A ? answer.address : null;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream reply = new DataOutputStream(bytes);
    reply.write(question, 0, 2);
    reply.writeShort(0x8180 | answer.code);
    reply.writeShort(1);
    reply.writeShort(address == null ? 0 : 1);
    reply.writeInt(0);
    reply.write(question, HEADER, end + 5 - HEADER);
    if (address != null) {
      // The name of the question, an address of the internet, for no time, of four bytes.
      reply.writeShort(0xc000 | HEADER);
      reply.writeShort(TYPE_A);
      reply.writeShort(1);
      reply.writeInt(0);
      reply.writeShort(4);
      reply.write(address.getAddress());
    }
    return bytes.toByteArray();
  }
}
