package io.outboxworker.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What this runs on. */
final class Machine {
  private Machine() {}

  /** Processors, memory and operating system, as far as they can be told. */
  static String describe() {
    int processors = Runtime.getRuntime().availableProcessors();
    String model = value("/proc/cpuinfo", "model name");
    String memory = value("/proc/meminfo", "MemTotal").replaceAll("\\D", "");
    return "%d × %s, %s, %s %s"
        .formatted(
            processors,
            model.isEmpty() ? System.getProperty("os.arch") : model,
            memory.isEmpty() ? "?" : "%.0f GiB".formatted(Long.parseLong(memory) / 1048576.0),
            System.getProperty("os.name"),
            System.getProperty("os.version"));
  }

  private static String value(String file, String name) {
    try {
      List<String> lines = Files.readAllLines(Path.of(file));
      return lines.stream()
          .filter(line -> line.startsWith(name))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }
}
