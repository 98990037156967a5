package io.outboxworker.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The worker as it is shipped, copied into the run's folder: the launcher with its flags, the jar
 * and its lib. A build that runs meanwhile can't pull the jar away from under a worker.
 */
record Installation(Path folder) {

  static Installation copyTo(Path folder) throws IOException {
    Path root = root();
    Path target = root.resolve("outbox-worker/target");
    if (!Files.exists(target.resolve("outbox-worker.jar"))) {
      throw new IOException("the worker is not built; run: ./mvnw -pl outbox-worker package");
    }
    Files.createDirectories(folder.resolve("lib"));
    Files.copy(root.resolve("outbox"), folder.resolve("outbox"));
    Files.copy(target.resolve("outbox-worker.jar"), folder.resolve("outbox-worker.jar"));
    try (Stream<Path> libraries = Files.list(target.resolve("lib"))) {
      libraries.forEach(jar -> link(folder.resolve("lib").resolve(jar.getFileName()), jar));
    }
    return new Installation(folder);
  }

  List<String> command(String... arguments) {
    Stream<String> launcher = Stream.of("sh", folder.resolve("outbox").toString());
    return Stream.concat(launcher, Stream.of(arguments)).toList();
  }

  private static void link(Path link, Path file) {
    try {
      Files.createLink(link, file);
    } catch (IOException | UnsupportedOperationException e) {
      try {
        Files.copy(file, link);
      } catch (IOException copy) {
        throw new UncheckedIOException(copy);
      }
    }
  }

  /** The checkout: the suite runs in it or in one of its modules. */
  private static Path root() throws IOException {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.exists(at.resolve("outbox")) && Files.exists(at.resolve("migrations"))) {
        return at;
      }
    }
    throw new IOException("run the suite inside of a checkout");
  }
}
