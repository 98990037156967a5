package io.outboxworker.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A small file system of its own in a folder; only root can make one. */
final class Disk implements AutoCloseable {
  private final Path folder;

  private Disk(Path folder) {
    this.folder = folder;
  }

  /** Mounts one, or throws {@link Skipped}. */
  static Disk mount(Path folder, String size) throws IOException {
    Files.createDirectories(folder);
    if (!run(List.of("mount", "-t", "tmpfs", "-o", "size=" + size, "none", folder.toString()))) {
      throw new Skipped("a disk can't be mounted here");
    }
    return new Disk(folder);
  }

  Path folder() {
    return folder;
  }

  @Override
  public void close() {
    run(List.of("umount", folder.toString()));
  }

  private static boolean run(List<String> command) {
    try {
      return new ProcessBuilder(command).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw Moment.interrupted(e);
    }
  }
}
