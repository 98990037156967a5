package io.outboxworker.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What Linux tells about a process. */
final class Proc {
  /** What a process holds. */
  record Holding(long residentKilobytes, long threads, long sockets) {}

  /** Ticks of CPU time that Linux counts in a second. */
  private static final double TICKS = 100;

  private Proc() {}

  /** The CPU time that it has used so far, in seconds. */
  static double cpuSeconds(long pid) {
    String[] stat = read(pid, "stat").replaceFirst("^.*\\) ", "").split(" ", -1);
    return (Long.parseLong(stat[11]) + Long.parseLong(stat[12])) / TICKS;
  }

  static Holding holding(long pid) {
    List<String> status = read(pid, "status").lines().toList();
    return new Holding(number(status, "VmRSS:"), number(status, "Threads:"), sockets(pid).size());
  }

  /** Whether one of its sockets is the near end of a connection from this local port. */
  static boolean owns(long pid, int localPort) {
    String end = ":%04X".formatted(localPort);
    List<String> mine = sockets(pid);
    return Stream.of("tcp", "tcp6")
        .flatMap(table -> read(pid, "net/" + table).lines())
        .map(line -> line.strip().split("\\s+"))
        .anyMatch(line -> line.length > 9 && line[1].endsWith(end) && mine.contains(line[9]));
  }

  /** The inodes of its sockets. */
  private static List<String> sockets(long pid) {
    try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return files
          .map(Proc::target)
          .filter(target -> target.startsWith("socket:["))
          .map(target -> target.substring(8, target.length() - 1))
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return "";
    }
  }

  private static long number(List<String> status, String name) {
    return status.stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  private static String read(long pid, String file) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/" + file));
    } catch (IOException e) {
      return "";
    }
  }
}
