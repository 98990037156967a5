package io.outboxworker.demo;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import com.sun.security.auth.module.UnixSystem;
import io.outboxworker.cli.CommandFailed;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Where one run keeps its data: a folder in the user's cache that is deleted at the end. A lock
 * beside it, which the kernel drops with its process, tells the next run what a killed one left
 * behind.
 */
public final class RunFolder implements AutoCloseable {
  private static final String LOCK = ".lock";
  private static final Duration STOP_LIMIT = Duration.ofSeconds(5);

  private final Path folder;
  private final Path lockFile;
  private final FileChannel channel;

  private RunFolder(Path folder, Path lockFile, FileChannel channel) {
    this.folder = folder;
    this.lockFile = lockFile;
    this.channel = channel;
  }

  /**
   * Makes a new folder among those of this kind, and removes those whose processes are gone,
   * PostgreSQL included.
   */
  public static RunFolder create(String kind) throws IOException {
    Path runs = Files.createDirectories(cache().resolve(kind));
    removeLeftovers(runs);
    String name = "%d-%d".formatted(ProcessHandle.current().pid(), System.currentTimeMillis());
    Path lockFile = runs.resolve(name + LOCK);
    FileChannel channel = FileChannel.open(lockFile, CREATE, WRITE);
    // Kept by the channel. Before the folder, so that nobody sees a folder without an owner.
    channel.lock();
    return new RunFolder(Files.createDirectory(runs.resolve(name)), lockFile, channel);
  }

  /** Where the binaries of PostgreSQL are unpacked once, for all runs. */
  static Path binaries() throws IOException {
    return Files.createDirectories(cache().resolve("postgres"));
  }

  /** A file of this run. */
  public Path file(String name) {
    return folder.resolve(name);
  }

  /** PostgreSQL's data. */
  Path data() {
    return file("data");
  }

  /** Stops what still runs on the folder's data, and deletes it all. */
  @Override
  public void close() throws IOException {
    try (channel) {
      stopPostgres(data());
      delete(folder);
      Files.deleteIfExists(lockFile);
    }
  }

  /** In the user's cache or, for users without a home of their own, in the temporary folder. */
  private static Path cache() throws IOException {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path parent =
        cache == null || cache.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache);
    if (parent.isAbsolute()) {
      try {
        return closed(Files.createDirectories(parent.resolve("outbox")));
      } catch (IOException e) {
        // Such a home is usual for users that only run services.
      }
    }
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    long user = new UnixSystem().getUid();
    Path ours = Files.createDirectories(temporary.resolve("outbox-" + user));
    if (!Files.getAttribute(ours, "unix:uid", NOFOLLOW_LINKS).equals((int) user)) {
      throw new CommandFailed(
          ours + " is another user's; name a folder of your own in XDG_CACHE_HOME");
    }
    return closed(ours);
  }

  /** Only its owner may enter, since the library opens the folders below it to everybody. */
  private static Path closed(Path folder) throws IOException {
    return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
  }

  private static void removeLeftovers(Path runs) throws IOException {
    try (DirectoryStream<Path> lockFiles = Files.newDirectoryStream(runs, "*" + LOCK)) {
      for (Path lockFile : lockFiles) {
        removeLeftover(lockFile);
      }
    }
  }

  private static void removeLeftover(Path lockFile) throws IOException {
    String name = lockFile.getFileName().toString();
    Path folder = lockFile.resolveSibling(name.substring(0, name.length() - LOCK.length()));
    try (FileChannel channel = FileChannel.open(lockFile, WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        stopPostgres(folder.resolve("data"));
        delete(folder);
        Files.deleteIfExists(lockFile);
      }
    } catch (NoSuchFileException e) {
      // Its owner, or another demo that starts, has just removed it.
    }
  }

  /** Ends the server that runs on this data, if any; it may be killed, nobody reads it again. */
  private static void stopPostgres(Path data) throws IOException {
    Optional<ProcessHandle> server = postgres(data);
    if (server.isEmpty()) {
      return;
    }
    server.get().destroy();
    try {
      server.get().onExit().orTimeout(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS).join();
    } catch (CompletionException e) {
      server.get().destroyForcibly();
    }
  }

  /** A process id alone may have become another program's, so its arguments must fit as well. */
  private static Optional<ProcessHandle> postgres(Path data) throws IOException {
    Path pidFile = data.resolve("postmaster.pid");
    if (!Files.exists(pidFile)) {
      return Optional.empty();
    }
    List<String> lines = Files.readAllLines(pidFile);
    if (lines.isEmpty() || !lines.get(0).strip().matches("\\d{1,10}")) {
      return Optional.empty();
    }
    return ProcessHandle.of(Long.parseLong(lines.get(0).strip()))
        .filter(process -> process.info().commandLine().orElse("").contains(data.toString()));
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(folder)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.deleteIfExists(path);
    }
  }
}
