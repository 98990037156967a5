package io.outboxworker.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPOutputStream;

/** A file as it is sent. It is in memory from the start: no request ever names a path on disk. */
final class StaticFile {
  private final String contentType;
  private final byte[] content;
  private final byte[] zipped;

  StaticFile(String path, byte[] content) {
    this.contentType = contentType(path);
    this.content = content;
    this.zipped = zip(content);
  }

  String contentType() {
    return contentType;
  }

  /** Not to be written to. */
  byte[] content() {
    return content;
  }

  /** The same, compressed. */
  byte[] zipped() {
    return zipped;
  }

  private static String contentType(String path) {
    return switch (path.substring(path.lastIndexOf('.') + 1)) {
      case "html" -> "text/html; charset=utf-8";
      case "css" -> "text/css; charset=utf-8";
      case "js" -> "text/javascript; charset=utf-8";
      case "svg" -> "image/svg+xml";
      default -> throw new IllegalArgumentException("no content type is known for " + path);
    };
  }

  private static byte[] zip(byte[] content) {
    var zipped = new ByteArrayOutputStream(content.length / 2 + 64);
    try (var gzip = new GZIPOutputStream(zipped)) {
      gzip.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return zipped.toByteArray();
  }
}
