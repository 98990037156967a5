package io.outboxworker.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All files of the console, by their addresses below {@code /console/}. An address holds a hash of
 * what it names, or a library's version, so what was fetched once is never asked for again. All of
 * the page's references are relative: it works behind a proxy that adds a prefix.
 */
final class Site {
  private static final int DIGEST_CHARACTERS = 12;
  private static final String PAGE = "index.html";

  private final Map<String, StaticFile> files = new HashMap<>();
  private final StaticFile page;
  private final String importMapHash;

  Site() {
    Map<String, byte[]> own = Folder.read("console/", PAGE);
    List<Library> libraries =
        List.of(
            Library.of("lit", "lit", "index.js"),
            Library.of("lit-html", "lit-html", "lit-html.js"),
            Library.of("lit-element", "lit-element", "index.js"),
            Library.of("@lit/reactive-element", "lit__reactive-element", "reactive-element.js"));
    String template = new String(Objects.requireNonNull(own.remove(PAGE)), UTF_8);
    String folder = digest(own).substring(0, DIGEST_CHARACTERS) + "/";
    own.forEach((path, content) -> files.put(folder + path, new StaticFile(path, content)));
    libraries.forEach(library ->
        library
            .files()
            .forEach((path, content) ->
                files.put(folder(library) + path, new StaticFile(path, content))));
    String importMap = importMap(libraries);
    importMapHash = Base64.getEncoder().encodeToString(sha256().digest(importMap.getBytes(UTF_8)));
    String html =
        template
            .replace("{import-map}", importMap)
            .replace("{preloads}", preloads(own, folder))
            .replace("{folder}", "console/" + folder);
    page = new StaticFile(PAGE, html.getBytes(UTF_8));
  }

  /** The one page. */
  StaticFile page() {
    return page;
  }

  /** What an address below {@code /console/} names; null where it names nothing. */
  @Nullable StaticFile file(String address) {
    return files.get(address);
  }

  /** The SHA-256 of the page's only inline script, in the form of a Content-Security-Policy. */
  String importMapHash() {
    return "'sha256-" + importMapHash + "'";
  }

  private static String importMap(List<Library> libraries) {
    return libraries.stream()
        .flatMap(library ->
            Stream.of(
                entry(library.name(), folder(library) + library.entry()),
                entry(library.name() + "/", folder(library))))
        .collect(Collectors.joining(",", "{\"imports\":{", "}}"));
  }

  private static String entry(String name, String address) {
    return "\"%s\":\"./console/%s\"".formatted(name, address);
  }

  private static String folder(Library library) {
    return "lib/%s/%s/"
        .formatted(library.name().replace("@", "").replace('/', '-'), library.version());
  }

  /** Else the browser would learn of each module only from the one that imports it. */
  private static String preloads(Map<String, byte[]> own, String folder) {
    return own.keySet().stream()
        .filter(path -> path.endsWith(".js"))
        .map(path -> "<link rel=\"modulepreload\" href=\"console/" + folder + path + "\">")
        .collect(Collectors.joining("\n    "));
  }

  private static String digest(Map<String, byte[]> files) {
    MessageDigest digest = sha256();
    new TreeMap<>(files)
        .forEach((path, content) -> {
          digest.update((path + "\n" + content.length + "\n").getBytes(UTF_8));
          digest.update(content);
        });
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
