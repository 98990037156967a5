package io.outboxworker.benchmarks.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The figures of one scenario as an SVG: a panel per figure, a bar per variant, its range a line.
 */
final class Plot {
  private static final int WIDTH = 900;
  private static final int LABELS = 300;
  private static final int NUMBERS = 90;
  private static final int BAR = 18;
  private static final int GAP = 6;
  private static final int TITLE = 30;
  private static final Set<String> ALWAYS =
      Set.of(
          "of the bare client", "worker CPU-s per 1,000", "PostgreSQL CPU-s per 1,000", "of empty");

  private final StringBuilder svg = new StringBuilder();
  private int y = 20;

  private Plot() {}

  static String of(String scenario, List<Figures> figures) {
    Plot plot = new Plot();
    Set<String> names = new LinkedHashSet<>();
    figures.forEach(f -> f.values().keySet().stream().limit(1).forEach(names::add));
    figures.forEach(f ->
        f.values().keySet().stream()
            .filter(name -> ALWAYS.contains(name) || name.contains("p99"))
            .forEach(names::add));
    names.forEach(name -> plot.panel(scenario + ": " + name, variants(figures, name)));
    return """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">
    <rect width="100%%" height="100%%" fill="white"/>
    %s</svg>
    """
        .formatted(WIDTH, plot.y + 10, plot.svg);
  }

  private static Map<String, double[]> variants(List<Figures> figures, String name) {
    Map<String, List<Double>> values = new LinkedHashMap<>();
    for (Figures f : figures) {
      Double value = f.values().get(name);
      if (value != null) {
        values.computeIfAbsent(f.variant(), v -> new ArrayList<>()).add(value);
      }
    }
    Map<String, double[]> sorted = new LinkedHashMap<>();
    values.forEach(
        (variant, all) -> sorted.put(variant, all.stream().mapToDouble(v -> v).sorted().toArray()));
    return sorted;
  }

  private void panel(String title, Map<String, double[]> variants) {
    double most =
        variants.values().stream().mapToDouble(sorted -> sorted[sorted.length - 1]).max().orElse(0);
    double scale = most > 0 ? (WIDTH - LABELS - NUMBERS) / most : 0;
    line(
        String.format(
            Locale.ROOT,
            "<text x=\"10\" y=\"%d\" font-weight=\"bold\">%s</text>",
            y,
            escaped(title)));
    y += TITLE - BAR / 2;
    variants.forEach((variant, sorted) -> {
      bar(variant, sorted, scale);
      y += BAR + GAP;
    });
    y += TITLE;
  }

  private void bar(String variant, double[] sorted, double scale) {
    double median = Table.median(sorted);
    double least = LABELS + sorted[0] * scale;
    double most = LABELS + sorted[sorted.length - 1] * scale;
    int middle = y + BAR / 2;
    line(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>",
            LABELS - 8,
            middle + 4,
            escaped(variant)));
    line(
        String.format(
            Locale.ROOT,
            "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>",
            LABELS,
            y,
            median * scale,
            BAR,
            variant.startsWith("outbox-worker") ? "#2563eb" : "#94a3b8"));
    line(
        String.format(
            Locale.ROOT,
            "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"black\"/>",
            least,
            most,
            middle,
            middle));
    line(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%d\">%s</text>",
            most + 6,
            middle + 4,
            Table.number(median)));
  }

  private void line(String element) {
    svg.append(element).append('\n');
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
