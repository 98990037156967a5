package io.outboxworker.benchmarks.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The figures of each scenario in a table of Markdown: medians, and ranges where rounds differ. */
public final class Table {
  private Table() {}

  /** One table per scenario. */
  public static String of(List<Figures> all) {
    Map<String, List<Figures>> scenarios = new LinkedHashMap<>();
    all.forEach(f -> scenarios.computeIfAbsent(f.scenario(), s -> new ArrayList<>()).add(f));
    StringBuilder text = new StringBuilder();
    scenarios.forEach((name, figures) -> text.append(scenario(name, figures)).append('\n'));
    return text.toString();
  }

  private static String scenario(String name, List<Figures> figures) {
    Set<String> variants = new LinkedHashSet<>();
    Set<String> names = new LinkedHashSet<>();
    figures.forEach(f -> {
      variants.add(f.variant());
      names.addAll(f.values().keySet());
    });
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of(name));
    head.addAll(variants);
    rows.add(head);
    for (String figure : names) {
      List<String> row = new ArrayList<>(List.of(figure));
      variants.forEach(variant -> row.add(cell(values(figures, variant, figure))));
      rows.add(row);
    }
    return markdown(rows);
  }

  private static double[] values(List<Figures> figures, String variant, String name) {
    return figures.stream()
        .filter(f -> f.variant().equals(variant) && f.values().containsKey(name))
        .mapToDouble(f -> f.values().getOrDefault(name, 0.0))
        .sorted()
        .toArray();
  }

  /** The middle one; the mean of the middle two where they are even in number. */
  static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private static String cell(double[] sorted) {
    if (sorted.length == 0) {
      return "";
    }
    String middle = number(median(sorted));
    String least = number(sorted[0]);
    String most = number(sorted[sorted.length - 1]);
    return least.equals(most) ? middle : "%s (%s–%s)".formatted(middle, least, most);
  }

  /** Three digits that say something. */
  static String number(double value) {
    double size = Math.abs(value);
    int digits = size >= 100 || size == Math.rint(size) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
    return String.format(Locale.ROOT, "%,." + digits + "f", value);
  }

  private static String markdown(List<List<String>> rows) {
    int[] widths = new int[rows.get(0).size()];
    rows.forEach(row -> {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    });
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      for (int i = 0; i < widths.length; i++) {
        text.append("| ").append(pad(rows.get(r).get(i), widths[i])).append(' ');
      }
      text.append("|\n");
      if (r == 0) {
        Arrays.stream(widths).forEach(width -> text.append('|').append("-".repeat(width + 2)));
        text.append("|\n");
      }
    }
    return text.toString();
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(width - text.length());
  }
}
