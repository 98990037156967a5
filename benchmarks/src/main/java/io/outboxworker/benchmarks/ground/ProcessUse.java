package io.outboxworker.benchmarks.ground;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** What processes have used so far, as Linux tells it in /proc; 0 on other systems. */
public final class ProcessUse {
  private static final Path PROC = Path.of("/proc");
  private static final double TICKS_PER_SECOND = 100;

  private ProcessUse() {}

  /** CPU time of a process and of its children that have ended. */
  public static double cpuSeconds(long pid) {
    String[] stat = stat(Long.toString(pid));
    return stat.length == 0 ? 0 : ticks(stat) / TICKS_PER_SECOND;
  }

  /** CPU time of a process and of all its children. */
  public static double cpuSecondsWithChildren(long pid) throws IOException {
    double ticks = 0;
    if (!isMeasurable()) {
      return 0;
    }
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : processes) {
        String[] stat = stat(process.getFileName().toString());
        boolean counts =
            stat.length > 0
                && (process.endsWith(Long.toString(pid)) || stat[1].equals(Long.toString(pid)));
        ticks += counts ? ticks(stat) : 0;
      }
    }
    return ticks / TICKS_PER_SECOND;
  }

  /** Whether this system tells what processes use; elsewhere it counts as nothing. */
  static boolean isMeasurable() {
    return Files.isDirectory(PROC);
  }

  /** What a process calls itself; empty where there is none. */
  static String name(long pid) {
    try {
      return Files.readString(PROC.resolve(Long.toString(pid)).resolve("comm")).strip();
    } catch (IOException e) {
      return "";
    }
  }

  /** The process that started this one; 0 where that can't be told. */
  static long parent(long pid) {
    String[] stat = stat(Long.toString(pid));
    return stat.length == 0 ? 0 : Long.parseLong(stat[1]);
  }

  /** The most memory that a process had resident at any time, in MiB. */
  public static double peakMebibytes(long pid) {
    try {
      return Files.readAllLines(PROC.resolve(pid + "/status")).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
          .sum();
    } catch (IOException e) {
      return 0;
    }
  }

  private static double ticks(String[] stat) {
    return Long.parseLong(stat[11])
        + Long.parseLong(stat[12])
        + Long.parseLong(stat[13])
        + Long.parseLong(stat[14]);
  }

  /** The fields from the state on, which is number 0: the name before it may hold spaces. */
  private static String[] stat(String pid) {
    try {
      String line = Files.readString(PROC.resolve(pid).resolve("stat"));
      return line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
    } catch (IOException e) {
      // It has ended since it was seen.
      return new String[0];
    }
  }
}
