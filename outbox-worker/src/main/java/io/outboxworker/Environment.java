package io.outboxworker;

import io.outboxworker.InvalidConfig.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads settings from environment variables, or from the files that {@code NAME_FILE} variables
 * name, and gathers what is wrong instead of stopping at the first fault.
 */
final class Environment {

  private static final String PREFIX = "OUTBOX_";
  private static final String FILE = "_FILE";
  private static final int FILE_BYTES_MAX = 65_536;

  /** The launcher's own settings, and those that Kubernetes adds for a service named outbox… */
  private static final Pattern NOT_OURS =
      Pattern.compile(
          "OUTBOX_JAVA_(HOME|OPTS)|OUTBOX_JDK_FOLDERS|OUTBOX_(\\w+_)?("
              + "SERVICE_HOST|SERVICE_PORT(_\\w+)?|PORT|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");

  private record Given(String text, String origin) {}

  private final Map<String, String> variables;
  private final Set<String> known = new LinkedHashSet<>();
  private final List<Setting> settings = new ArrayList<>();
  private final List<Fault> faults = new ArrayList<>();

  Environment(Map<String, String> variables) {
    this.variables = variables;
  }

  /** The setting's value, or its default where it is not set or has a fault. */
  <T> T read(String name, String ifAbsent, Kind<T> kind) {
    var value = find(name, kind, ifAbsent);
    return value != null ? value : kind.parse().apply(ifAbsent);
  }

  /** The setting's value, or null where it is not set or has a fault. */
  <T> @Nullable T readOptional(String name, Kind<T> kind) {
    return find(name, kind, "");
  }

  /** Whether the setting was given a value, be it a faulty one. */
  boolean has(String name) {
    return settings.stream().anyMatch(s -> s.name().equals(name) && s.given()) || !sound(name);
  }

  /** The names with this beginning that have a value, from the environment or from a file. */
  SortedSet<String> names(String beginning) {
    return variables.entrySet().stream()
        .filter(v -> v.getKey().startsWith(beginning) && !v.getValue().isBlank())
        .map(Map.Entry::getKey)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The variable as it stands, without blanks around it; empty where it is not set. */
  String text(String name) {
    return variables.getOrDefault(name, "").strip();
  }

  /** Whether none of these settings has a fault so far. */
  boolean sound(String... names) {
    return faults.stream().noneMatch(fault -> List.of(names).contains(fault.name()));
  }

  void fault(String name, String value, String problem, String allowed) {
    faults.add(new Fault(name, value, problem, allowed));
  }

  private <T> @Nullable T find(String name, Kind<T> kind, String ifAbsent) {
    known.add(name);
    var given = given(name);
    if (given == null) {
      settings.add(new Setting(name, ifAbsent, Setting.DEFAULT));
      return null;
    }
    var shown = kind.shown().apply(given.text());
    settings.add(new Setting(name, shown, given.origin()));
    try {
      return kind.parse().apply(given.text());
    } catch (IllegalArgumentException fault) {
      fault(name, shown, String.valueOf(fault.getMessage()), kind.allowed());
      return null;
    }
  }

  /** An empty variable is as good as none: compose files pass {@code NAME=} for what is not set. */
  private @Nullable Given given(String name) {
    var text = text(name);
    var file = text(name + FILE);
    if (file.isEmpty()) {
      return text.isEmpty() ? null : new Given(text, "environment");
    }
    if (!text.isEmpty()) {
      fault(name, "", "is set, and so is " + name + FILE, "one of the two");
      return null;
    }
    return fromFile(name + FILE, file);
  }

  private @Nullable Given fromFile(String name, String file) {
    try {
      var path = Path.of(file);
      if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
        fault(name, file, "is not a file that can be read", "");
      } else if (Files.size(path) > FILE_BYTES_MAX) {
        fault(name, file, "has more than " + FILE_BYTES_MAX + " bytes", "");
      } else if (Files.readString(path).isBlank()) {
        fault(name, file, "is an empty file", "");
      } else {
        return new Given(Files.readString(path).strip(), "file " + file);
      }
    } catch (IOException | InvalidPathException e) {
      fault(name, file, "can't be read as text", "");
    }
    return null;
  }

  /**
   * Ends the reading: throws {@link InvalidConfig} if there is any fault, else tells what was read.
   */
  List<Setting> finish() {
    for (var name : new TreeSet<>(variables.keySet())) {
      if (name.startsWith(PREFIX) && !isKnown(name) && !NOT_OURS.matcher(name).matches()) {
        // The value may be a secret under a mistyped name.
        fault(name, "", "is unknown" + didYouMean(name), "");
      }
    }
    if (!faults.isEmpty()) {
      throw new InvalidConfig(faults);
    }
    return List.copyOf(settings);
  }

  private boolean isKnown(String name) {
    return known.contains(name)
        || (name.endsWith(FILE)
            && known.contains(name.substring(0, name.length() - FILE.length())));
  }

  private String didYouMean(String name) {
    boolean file = name.endsWith(FILE);
    return known.stream()
        .map(candidate -> file ? candidate + FILE : candidate)
        .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
        .filter(candidate -> distance(name, candidate) <= 4)
        .map(candidate -> "; did you mean " + candidate + "?")
        .orElse("");
  }

  /** How many letters must be added, removed or changed to turn one name into the other. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
