package io.outboxworker.benchmarks.ground;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;

/**
 * One connection to the receiver: reads requests of HTTP/1.1 with a Content-Length and answers
 * them. It parses the request line and three headers, and nothing else.
 */
final class Exchange {
  private static final byte[] END = "\r\n\r\n".getBytes(ISO_8859_1);
  private static final byte[] OK = answer("200 OK");
  private static final byte[] REFUSED = answer("500 Internal Server Error");

  private final Receiver receiver;
  private final SocketChannel channel;
  private final ByteBuffer answer = ByteBuffer.allocateDirect(256);
  private ByteBuffer in = ByteBuffer.allocate(4096);

  Exchange(Receiver receiver, SocketChannel channel) {
    this.receiver = receiver;
    this.channel = channel;
  }

  /** Reads what is there, and answers every request that is complete. */
  void read() throws IOException {
    if (channel.read(in) < 0) {
      channel.close();
      return;
    }
    int begin = 0;
    for (int end = requestEnd(begin); end > 0; end = requestEnd(begin)) {
      serve(begin);
      begin = end;
    }
    in.flip().position(begin);
    in.compact();
    if (!in.hasRemaining()) {
      in = ByteBuffer.allocate(2 * in.capacity()).put(in.flip());
    }
  }

  /** Where the request that begins here ends; -1 while it is not complete. */
  private int requestEnd(int begin) {
    int headEnd = headEnd(begin);
    if (headEnd < 0) {
      return -1;
    }
    int end = headEnd + (int) number(header(begin, headEnd, "content-length: "), 10);
    return end <= in.position() ? end : -1;
  }

  private int headEnd(int begin) {
    byte[] bytes = in.array();
    for (int i = begin; i + END.length <= in.position(); i++) {
      if (bytes[i] == '\r' && Arrays.equals(bytes, i, i + END.length, END, 0, END.length)) {
        return i + END.length;
      }
    }
    return -1;
  }

  private void serve(int begin) throws IOException {
    int headEnd = headEnd(begin);
    int endpoint = (int) number(begin + "POST /".length(), 10);
    int id = header(begin, headEnd, "webhook-id: ");
    // The last 16 digits of a UUID, of which one group is set apart by a dash.
    long low = number(id + 19, 16) << 48 | number(id + 24, 16);
    Behaviour behaviour = receiver.behaviour(endpoint);
    boolean accepted =
        behaviour == Behaviour.ACCEPT
            || (behaviour == Behaviour.REFUSE_FIRST
                && number(header(begin, headEnd, "x-webhook-attempt: "), 10) > 1);
    receiver.arrivals().add(low, endpoint, accepted, Clock.micros());
    if (behaviour != Behaviour.HANG) {
      receiver.answer(this, accepted);
    }
  }

  /** Where the value of this header begins; the name is given in lower case. */
  private int header(int begin, int headEnd, String name) {
    byte[] bytes = in.array();
    for (int i = begin; i < headEnd; i++) {
      if (bytes[i] == '\n' && startsWith(i + 1, headEnd, name)) {
        return i + 1 + name.length();
      }
    }
    throw new IllegalStateException(
        "no header " + name + "in\n" + new String(bytes, begin, headEnd - begin, ISO_8859_1));
  }

  private boolean startsWith(int at, int headEnd, String name) {
    if (at + name.length() > headEnd) {
      return false;
    }
    byte[] bytes = in.array();
    for (int i = 0; i < name.length(); i++) {
      byte b = bytes[at + i];
      if ((b >= 'A' && b <= 'Z' ? b | 0x20 : b) != name.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** The number that begins there and ends at the first character that is no digit. */
  private long number(int at, int radix) {
    byte[] bytes = in.array();
    long number = 0;
    for (int i = at; Character.digit(bytes[i], radix) >= 0; i++) {
      number = number * radix + Character.digit(bytes[i], radix);
    }
    return number;
  }

  /** Answers the oldest request that has no answer. */
  void answer(boolean accepted) throws IOException {
    channel.write(answer.clear().put(accepted ? OK : REFUSED).flip());
    if (answer.hasRemaining()) {
      throw new IOException("the client does not read its answer");
    }
  }

  private static byte[] answer(String status) {
    return ("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n").getBytes(ISO_8859_1);
  }
}
