package io.outboxworker.cli;

import java.io.PrintWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows for people: aligned columns, one line per row, a dash where there is no value. */
final class Table {

  private final List<List<String>> rows = new ArrayList<>();

  Table(String... titles) {
    rows.add(List.of(titles));
  }

  void add(@Nullable Object... cells) {
    rows.add(Arrays.stream(cells).map(Table::text).toList());
  }

  void print(PrintWriter out) {
    int[] widths = new int[rows.getFirst().size()];
    for (var row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (var row : rows) {
      var line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(row.get(i)).repeat(' ', widths[i] - row.get(i).length() + 2);
      }
      out.println(line.toString().stripTrailing());
    }
  }

  /** What endpoints and tenants wrote can neither end the line nor colour the terminal. */
  private static String text(@Nullable Object cell) {
    return switch (cell) {
      case null -> "-";
      case Instant time -> time.truncatedTo(ChronoUnit.MILLIS).toString();
      default -> cell.toString().replaceAll("\\p{Cntrl}+", " ");
    };
  }
}
