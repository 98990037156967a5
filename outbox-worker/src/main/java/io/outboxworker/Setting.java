package io.outboxworker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One setting in effect: its name, its value with secrets masked ("" where it has none), its
 * origin.
 */
record Setting(String name, String shown, String origin) {

  static final String DEFAULT = "default";

  boolean given() {
    return !origin.equals(DEFAULT);
  }

  /** One line per setting, for people. */
  static String table(List<Setting> settings) {
    return settings.stream()
        .map(s -> "%-38s  %-30s  %s".formatted(s.name, s.shown.isEmpty() ? "-" : s.shown, s.origin))
        .collect(Collectors.joining("\n"));
  }

  /** The same as {@code {"settings":[{"name":…,"value":…,"origin":…}]}}. */
  static String json(List<Setting> settings) {
    // Made here, since every start of a worker reads settings and few are printed.
    var json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    try {
      return json.writeValueAsString(
          Map.of("settings", settings.stream().map(Setting::fields).toList()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Texts can always be written as JSON", e);
    }
  }

  private Map<String, String> fields() {
    var fields = new LinkedHashMap<String, String>();
    fields.put("name", name);
    fields.put("value", shown);
    fields.put("origin", origin);
    return fields;
  }
}
