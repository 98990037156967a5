package io.outboxworker.benchmarks.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where a report is left: results.json, table.md and an SVG per scenario. */
public final class Folder {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Folder() {}

  /**
   * Writes it all.
   *
   * @param about machine, versions and settings
   */
  public static void write(Path folder, Map<String, String> about, List<Figures> all)
      throws IOException {
    Files.createDirectories(folder);
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("about", about);
    document.put("figures", all);
    JSON.writeValue(folder.resolve("results.json").toFile(), document);
    StringBuilder text = new StringBuilder();
    about.forEach((name, value) -> text.append("- %s: %s%n".formatted(name, value)));
    Files.writeString(folder.resolve("table.md"), text + "\n" + Table.of(all));
    Map<String, List<Figures>> scenarios = new LinkedHashMap<>();
    all.forEach(f -> scenarios.computeIfAbsent(f.scenario(), s -> new ArrayList<>()).add(f));
    for (Map.Entry<String, List<Figures>> scenario : scenarios.entrySet()) {
      String name = scenario.getKey().replaceAll("[^a-z]+", "-") + ".svg";
      Files.writeString(folder.resolve(name), Plot.of(scenario.getKey(), scenario.getValue()));
    }
  }
}
