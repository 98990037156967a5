package io.outboxworker.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/** A folder of the class path, in a jar or on disk. */
final class Folder {
  private Folder() {}

  /**
   * Every file below a folder, by its path in it.
   *
   * @param folder ends with a slash
   * @param landmark a file in it: jars need not list their folders
   */
  static Map<String, byte[]> read(String folder, String landmark) {
    URL url =
        Objects.requireNonNull(
            Folder.class.getResource("/" + folder + landmark), "missing: " + folder + landmark);
    try {
      return "jar".equals(url.getProtocol()) ? readJar(url, folder) : readDisk(url.toURI());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(url.toString(), e);
    }
  }

  private static Map<String, byte[]> readJar(URL url, String folder) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    JarURLConnection connection = (JarURLConnection) url.openConnection();
    // Else closing it here would close it for the class loader as well.
    connection.setUseCaches(false);
    try (JarFile jar = connection.getJarFile()) {
      List<JarEntry> entries =
          jar.stream().filter(e -> !e.isDirectory() && e.getName().startsWith(folder)).toList();
      for (JarEntry entry : entries) {
        try (InputStream content = jar.getInputStream(entry)) {
          files.put(entry.getName().substring(folder.length()), content.readAllBytes());
        }
      }
    }
    return files;
  }

  private static Map<String, byte[]> readDisk(URI landmark) throws IOException {
    Path root = Objects.requireNonNull(Path.of(landmark).getParent());
    Map<String, byte[]> files = new TreeMap<>();
    try (var paths = Files.walk(root)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        files.put(root.relativize(path).toString().replace('\\', '/'), Files.readAllBytes(path));
      }
    }
    return files;
  }
}
