package io.outboxworker.subscription;

import io.outboxworker.subscription.InvalidSubscription.Fault;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which headers a subscription may add to its webhooks: {@code X-*}, but none of the contract's.
 */
final class CustomHeaders {
  private static final int MAX_COUNT = 20;
  private static final int MAX_VALUE = 1000;
  private static final Pattern NAME = Pattern.compile("(?i)x-[a-z0-9_-]{1,98}");
  private static final Pattern VALUE = Pattern.compile("([!-~]([ -~]*[!-~])?)?");

  private CustomHeaders() {}

  static List<Fault> faults(Map<String, String> headers) {
    List<Fault> faults = new ArrayList<>();
    if (headers.size() > MAX_COUNT) {
      faults.add(
          new Fault(
              "headers",
              "headers has %d entries, allowed are %d".formatted(headers.size(), MAX_COUNT)));
    }
    Set<String> seen = new HashSet<>();
    headers.forEach((name, value) -> {
      String lower = name.toLowerCase(Locale.ROOT);
      String path = "headers/" + name.replace("~", "~0").replace("/", "~1");
      if (!NAME.matcher(name).matches()) {
        faults.add(
            new Fault(
                path,
                "header names must begin with X- and have up to 100 letters, digits, - and _"));
      } else if (isOurs(lower)) {
        faults.add(new Fault(path, "header " + name + " is set by the webhook itself"));
      } else if (!seen.add(lower)) {
        faults.add(new Fault(path, "header " + name + " is there twice, in another case"));
      }
      if (value.length() > MAX_VALUE || !VALUE.matcher(value).matches()) {
        faults.add(
            new Fault(
                path,
                "header values must have up to 1000 printable ASCII characters, and no space at"
                    + " either end"));
      }
    });
    return faults;
  }

  private static boolean isOurs(String lower) {
    return lower.equals("x-signature")
        || lower.equals("x-signature-previous")
        || lower.startsWith("x-webhook-");
  }
}
