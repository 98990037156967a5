package io.outboxworker.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * A JavaScript library from its WebJar, as browsers get it: no sources for development, none for
 * Node.js.
 *
 * @param name what modules import, such as {@code @lit/reactive-element}
 * @param version is part of the files' addresses, so that they may be cached for ever
 * @param entry the file that the bare name stands for
 */
record Library(String name, String version, String entry, Map<String, byte[]> files) {

  /**
   * @param webjar the name of the WebJar's folder
   */
  static Library of(String name, String webjar, String entry) {
    String version = version(webjar);
    String folder = "META-INF/resources/webjars/%s/%s/".formatted(webjar, version);
    Map<String, byte[]> files =
        Folder.read(folder, entry).entrySet().stream()
            .filter(file -> isForBrowsers(file.getKey()))
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    return new Library(name, version, entry, files);
  }

  private static boolean isForBrowsers(String file) {
    return file.endsWith(".js") && !file.startsWith("development/") && !file.startsWith("node/");
  }

  private static String version(String webjar) {
    String path = "/META-INF/maven/org.webjars.npm/%s/pom.properties".formatted(webjar);
    Properties properties = new Properties();
    try (InputStream file =
        Objects.requireNonNull(Library.class.getResourceAsStream(path), "missing: " + path)) {
      properties.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Objects.requireNonNull(properties.getProperty("version"), path);
  }
}
