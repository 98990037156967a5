package io.outboxworker.subscription;

import io.outboxworker.subscription.InvalidSubscription.Fault;
import io.outboxworker.webhook.EndpointGuard;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a subscription's owner decides, but for its secret. What is null takes the worker's default.
 *
 * @param event an exact name, a group such as {@code invoice.*}, or {@code *}
 * @param headers sent with each webhook besides those of the contract
 * @param signature {@code hmac-sha256} or {@code ed25519}
 */
public record SubscriptionSettings(
    String url,
    String event,
    boolean active,
    @Nullable String description,
    Map<String, String> headers,
    @Nullable List<Duration> retryDelays,
    @Nullable Duration timeout,
    @Nullable Integer maxInFlight,
    @Nullable Integer maxPerSecond,
    boolean ordered,
    String signature) {
  /** What {@link #maxInFlight} may be at most. */
  public static final int MAX_IN_FLIGHT = 1000;

  /** What {@link #maxPerSecond} may be at most. */
  public static final int MAX_PER_SECOND = 100_000;

  /** The signature of a subscription that asks for no other. */
  public static final String HMAC = "hmac-sha256";

  /** The signature that a public key verifies. */
  public static final String ED25519 = "ed25519";

  /** What {@link #isPattern} wants, as a fault says it. */
  public static final String PATTERN_FORM =
      "a name like invoice.created, a group like invoice.*, or *";

  private static final Pattern EVENT =
      Pattern.compile("\\*|[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.([A-Za-z0-9_-]+|\\*)");
  private static final int MAX_EVENT = 100;
  private static final int MAX_DESCRIPTION = 1000;
  private static final Duration MAX_TIMEOUT = Duration.ofSeconds(30);
  private static final int MAX_RETRIES = 20;
  private static final Duration MAX_DELAY = Duration.ofDays(7);

  /** Keeps its own copies, with the headers in their order. */
  public SubscriptionSettings {
    headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    retryDelays = retryDelays == null ? null : List.copyOf(retryDelays);
  }

  /**
   * Whether events can match it: a name, a group or {@code *}, not longer than an event's name may
   * be.
   */
  public static boolean isPattern(String event) {
    return event.length() <= MAX_EVENT && EVENT.matcher(event).matches();
  }

  /** Active, with the worker's defaults. */
  public static SubscriptionSettings of(String url, String event) {
    return new SubscriptionSettings(
        url, event, true, null, Map.of(), null, null, null, null, false, HMAC);
  }

  /** Those that a stored subscription has. */
  public static SubscriptionSettings of(Subscription s) {
    return new SubscriptionSettings(
        s.url(),
        s.event(),
        s.active(),
        s.description(),
        s.headers(),
        s.retryDelays(),
        s.timeout(),
        s.maxInFlight(),
        s.maxPerSecond(),
        s.ordered(),
        s.signature());
  }

  /** The same with a note for people. */
  public SubscriptionSettings describedAs(@Nullable String note) {
    return new SubscriptionSettings(
        url,
        event,
        active,
        note,
        headers,
        retryDelays,
        timeout,
        maxInFlight,
        maxPerSecond,
        ordered,
        signature);
  }

  /** The same, active or paused. */
  public SubscriptionSettings activated(boolean yes) {
    return new SubscriptionSettings(
        url,
        event,
        yes,
        description,
        headers,
        retryDelays,
        timeout,
        maxInFlight,
        maxPerSecond,
        ordered,
        signature);
  }

  /**
   * Everything that is wrong, each with what is allowed; empty where they can be stored. Asks DNS
   * for a URL that differs from the one before.
   */
  List<Fault> faults(EndpointGuard guard, @Nullable SubscriptionSettings before) {
    List<Fault> faults = new ArrayList<>();
    if (before == null || !before.url.equals(url)) {
      guard.faults(url).forEach(fault -> faults.add(new Fault("url", fault)));
    }
    List<Fault> own = ownFaults();
    if (before != null) {
      // What was stored by hand must not keep its owner from pausing it.
      own.removeAll(before.ownFaults());
      if (!before.signature.equals(signature)) {
        own.removeIf(fault -> fault.field().equals("signature"));
        own.add(
            new Fault(
                "signature", "signature can't be changed; delete the subscription and add one"));
      }
    }
    faults.addAll(own);
    return faults;
  }

  private List<Fault> ownFaults() {
    List<Fault> faults = new ArrayList<>();
    if (!isPattern(event)) {
      faults.add(
          new Fault("event", "event \"%s\": must be %s".formatted(shortened(event), PATTERN_FORM)));
    }
    if (description != null && description.length() > MAX_DESCRIPTION) {
      faults.add(
          new Fault(
              "description",
              "description has %d characters, allowed are %d"
                  .formatted(description.length(), MAX_DESCRIPTION)));
    }
    faults.addAll(CustomHeaders.faults(headers));
    checkNumbers(faults);
    if (!signature.equals(HMAC) && !signature.equals(ED25519)) {
      faults.add(new Fault("signature", "signature must be " + HMAC + " or " + ED25519));
    }
    return faults;
  }

  private void checkNumbers(List<Fault> faults) {
    if (timeout != null && (timeout.isZero() || timeout.compareTo(MAX_TIMEOUT) > 0)) {
      faults.add(new Fault("timeout", "timeout must be from 1ms to 30s"));
    }
    if (retryDelays != null
        && (retryDelays.size() > MAX_RETRIES
            || retryDelays.stream().anyMatch(d -> d.isZero() || d.compareTo(MAX_DELAY) > 0))) {
      faults.add(
          new Fault(
              "retry_delays",
              "retry_delays must be up to 20 durations from 1ms to 7d, with commas"));
    }
    checkRange("max_in_flight", maxInFlight, MAX_IN_FLIGHT, faults);
    checkRange("max_per_second", maxPerSecond, MAX_PER_SECOND, faults);
  }

  private static void checkRange(
      String field, @Nullable Integer value, int most, List<Fault> faults) {
    if (value != null && (value < 1 || value > most)) {
      faults.add(new Fault(field, "%s must be from 1 to %d".formatted(field, most)));
    }
  }

  private static String shortened(String text) {
    return text.length() > 102 ? text.substring(0, 102) + "…" : text;
  }
}
