package io.outboxworker.webhook;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** The first 16 KiB of an answer; written by the connection, read by whatever ends the attempt. */
final class AnswerBuffer {
  private static final int MAX_BYTES = 16 * 1024;

  private byte[] bytes = {};
  private int size;

  /** Keeps what fits; false once something did not. */
  synchronized boolean take(List<ByteBuffer> parts) {
    for (ByteBuffer part : parts) {
      int fits = Math.min(part.remaining(), MAX_BYTES - size);
      if (size + fits > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.min(MAX_BYTES, Math.max(size + fits, 2 * bytes.length)));
      }
      part.get(bytes, size, fits);
      size += fits;
      if (part.hasRemaining()) {
        return false;
      }
    }
    return true;
  }

  /** As text: what is no UTF-8, and U+0000, which PostgreSQL can't store, becomes U+FFFD. */
  synchronized String text() {
    return new String(bytes, 0, size, StandardCharsets.UTF_8).replace('\0', '\uFFFD');
  }
}
