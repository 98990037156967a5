package io.outboxworker.api;

import io.outboxworker.subscription.InvalidSubscription;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with one request, so that all of it is told at once. */
final class Faults {
  private final List<Fault> found = new ArrayList<>();

  /** Notes one; the pointer is that of the field or parameter with this name. */
  void add(String name, String detail) {
    found.add(new Fault("/" + name.replace("~", "~0").replace("/", "~1"), detail));
  }

  /** Notes what the domain found besides, but for places that have a fault already. */
  void addAll(List<InvalidSubscription.Fault> more) {
    var known = found.stream().map(Fault::pointer).toList();
    more.stream().map(Faults::of).filter(f -> !known.contains(f.pointer())).forEach(found::add);
  }

  /** The domain's fault as the API tells it. */
  static Fault of(InvalidSubscription.Fault fault) {
    return new Fault("/" + fault.field(), fault.detail());
  }

  boolean isEmpty() {
    return found.isEmpty();
  }

  /** Throws a 422 with all that were found, if any. */
  void check() {
    if (!found.isEmpty()) {
      throw Problem.invalid(found);
    }
  }

  /** Whether PostgreSQL can hold the text: no U+0000, no halves of surrogate pairs. */
  static boolean isStorable(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)) {
        if (i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(++i))) {
          return false;
        }
      } else if (c == 0 || Character.isLowSurrogate(c)) {
        return false;
      }
    }
    return true;
  }
}
