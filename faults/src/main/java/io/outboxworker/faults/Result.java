package io.outboxworker.faults;

import java.util.List;
import java.util.Map;

/**
 * What came of one fault.
 *
 * @param allowedExtra POSTs of one delivery beyond its attempts that the promise allows
 * @param failures promises that were not kept, besides those that the report is about
 */
record Result(
    String fault,
    Report report,
    int allowedExtra,
    Map<String, String> figures,
    List<String> failures) {

  boolean passed() {
    return failures.isEmpty() && report.passes(allowedExtra);
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append("%s  %s%n".formatted(passed() ? "kept  " : "BROKEN", fault));
    text.append("        ").append(report.line()).append('\n');
    figures.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(figure ->
            text.append("        %s: %s%n".formatted(figure.getKey(), figure.getValue())));
    failures.forEach(failure -> text.append("        ").append(failure).append('\n'));
    report.examples().forEach(example -> text.append("        ").append(example).append('\n'));
    return text.toString();
  }
}
